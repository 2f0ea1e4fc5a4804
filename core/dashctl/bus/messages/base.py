"""What every request and every reply has."""

from typing import Final

import msgspec

from dashctl.errors import DashctlError

MAX_REQUEST: Final = 1024 * 1024
"""Bytes of one request."""


class Request(msgspec.Struct, frozen=True, tag_field="ask"):
    """Base of what can be asked."""

    id: int = 0


class Reply(msgspec.Struct, frozen=True, tag_field="answer"):
    """Base of what can be answered."""

    id: int = 0


class Refused(Reply, frozen=True, tag="refused"):
    """The request is not answered, and why: `code` is a word that programs can act on."""

    reason: str = ""
    code: str = ""


class BadReply(DashctlError):
    """A broker answered with something that cannot be read, or refused."""
