"""A client of server-sent events, as a browser's EventSource is one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx


class Message(NamedTuple):
    """One event of the stream."""

    id: str
    name: str
    data: dict[str, Any]


@contextmanager
def listening(client: httpx.Client, query: str = "", last: str = "") -> Iterator[Iterator[Message]]:
    """The messages of a stream, from the moment on at which it is open."""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/events{query}", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert next(lines) == "retry: 1000"
        yield _messages(lines)


def _messages(lines: Iterator[str]) -> Iterator[Message]:
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if line == "" and "data" in fields:
            yield Message(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}
        elif colon and name:
            fields[name] = value
