"""The monitor in a browser tab: a real server, asked as a browser asks."""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from dashctl.bus import Broker


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No view of last time, and no settings."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def bus() -> Iterator[Broker]:
    with (
        tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp") as folder,
        Broker(f"ipc://{folder}/bus") as made,
    ):
        made.start()
        yield made


@pytest.fixture
def address(bus: Broker) -> Iterator[str]:
    """What a person is told to open."""
    with serving(str(bus.address)) as told:
        yield told


@contextmanager
def serving(bus: str) -> Iterator[str]:
    command = [sys.executable, "-m", "dashctl", "serve-web", "--port", "0", "--bus", bus]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        found = re.search(r"open (\S+)", line)
        assert found, line
        yield found[1]
        server.terminate()
        assert server.wait(20) == 0


def token_of(address: str) -> str:
    (token,) = parse_qs(urlsplit(address).query)["token"]
    return token


def base_of(address: str) -> str:
    return f"http://{urlsplit(address).netloc}"


async def test_a_tab_shows_the_monitor_and_takes_keys(address: str) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(address) as page:
            assert page.status == 200
            assert "token" not in str(page.url), "a token is not left in the address"
            text = await page.text()
        socket = re.search(r'data-session-websocket-url="([^"]+)"', text)
        assert socket
        assert ".focus()" in text, "keys are taken without a click"
        assert not re.search(r"https?://(?!127\.0\.0\.1)", text), "nothing is loaded from elsewhere"
        async with browser.ws_connect(f"{socket[1]}?width=100&height=30") as tab:
            await seen(tab, "Overview")
            await tab.send_json(["stdin", "9"])
            await seen(tab, "No model has been tested yet")
            await tab.send_json(["stdin", "q"])
            while not tab.closed:
                await tab.receive(20)


async def seen(tab: aiohttp.ClientWebSocketResponse, text: str) -> None:
    sent = b""
    async with asyncio.timeout(30):
        while text.encode() not in sent:
            message = await tab.receive()
            assert message.type in {aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT}, sent[-500:]
            sent += message.data if isinstance(message.data, bytes) else message.data.encode()


@pytest.mark.parametrize(
    ("path", "headers", "said"),
    [
        ("/", {}, "token: missing or wrong"),
        ("/?token=guessed", {}, "token: missing or wrong"),
        ("/static/js/textual.js", {}, "token: missing or wrong"),
        ("/ws", {}, "token: missing or wrong"),
        ("/", {"Host": "evil.example"}, "host: 'evil.example' is not allowed"),
    ],
)
async def test_who_has_no_token_sees_nothing(
    address: str, path: str, headers: dict[str, str], said: str
) -> None:
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(base_of(address) + path, headers=headers) as page,
    ):
        assert page.status == 403
        assert said in await page.text()


async def test_a_page_of_another_site_cannot_steer_although_the_browser_has_the_cookie(address: str) -> None:
    async with aiohttp.ClientSession() as browser:
        headers = {"Origin": "http://evil.example", "Cookie": f"dashctl={token_of(address)}"}
        async with browser.get(f"{base_of(address)}/ws", headers=headers) as answer:
            assert answer.status == 403
            assert "origin" in await answer.text()


def test_a_port_that_is_taken_is_named(address: str, bus: Broker) -> None:
    port = urlsplit(address).port
    command = [sys.executable, "-m", "dashctl", "serve-web", "--port", str(port), "--bus", str(bus.address)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
