"""The colours that are really sent, byte by byte: no more than were asked for, whatever is done."""

import re
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashctl.bus import Broker
from dashctl.events import Metric, ModelMetric, PhaseEvent
from dashctl_tui.scenes import DECK
from tests.tui.screen import Terminal, monitor, tell

SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
ATTRIBUTES = {"", "0", "1", "2", "3", "4", "7", "9", "21", "22", "23", "24", "27", "29"}
SIXTEEN = {str(code) for base in (30, 40, 90, 100) for code in range(base, base + 8)} | {"39", "49"}


HERE = b"\x1b[1;1R"
"""What a terminal answers when a frame has come to it."""


@pytest.fixture(scope="module")
def bus() -> Iterator[str]:
    """A broker that knows something, in a folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="dc") as folder:
        broker = Broker(f"ipc://{Path(folder) / 'bus'}")
        broker.start()
        for step in range(20):
            broker.publish(Metric("loss", step, 1 / (step + 1)))
        broker.publish(ModelMetric("lstm", 0.93))
        broker.publish(PhaseEvent("armed"))
        yield f"ipc://{Path(folder) / 'bus'}"
        broker.stop()


def everything(terminal: Terminal) -> bytes:
    """All that is sent while somebody goes through the scenes, themes and whatever Textual draws."""
    terminal.type(b"9" + HERE)
    terminal.read_until(b"0.930")
    keys = [scene.key for scene in DECK]
    for key in [*keys, "W", "?", "\x1b", "/", "a", "\r", ":", "x", "\x1b", "\x10", "qu", "\x1b", "\x1b", "t"]:
        terminal.type(key.encode() + HERE)
        terminal.read_for(0.05)
    terminal.read_for(0.3)
    tell(terminal, signal.SIGTERM)
    assert terminal.end() == 143
    return terminal.sent


def codes(sent: bytes) -> set[str]:
    """The parameters of all SGR codes, those of colours by number or by channels as one."""
    found: set[str] = set()
    for match in SGR.finditer(sent):
        parts = match[1].decode().split(";")
        while parts:
            code = parts.pop(0)
            if code in ("38", "48"):
                kind = parts.pop(0)
                code = f"{code};{kind}"
                del parts[: 1 if kind == "5" else 3]
            found.add(code)
    return found


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        ((), {"NO_COLOR": "1"}),
        (("--theme", "light"), {"TERM": "vt100"}),
    ],
    ids=["NO_COLOR", "vt100"],
)
def test_without_colours_no_code_of_a_colour_is_sent(
    bus: str, flags: tuple[str, ...], environment: dict[str, str]
) -> None:
    with monitor(bus, *flags, **environment) as terminal:
        sent = everything(terminal)
    assert codes(sent) <= ATTRIBUTES


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (("--colours", "16", "--theme", "light"), {}),
        ((), {"TERM": "linux"}),
    ],
    ids=["flag", "console"],
)
def test_with_sixteen_colours_only_the_terminals_own_are_sent(
    bus: str, flags: tuple[str, ...], environment: dict[str, str]
) -> None:
    with monitor(bus, *flags, **environment) as terminal:
        sent = everything(terminal)
    assert codes(sent) <= ATTRIBUTES | SIXTEEN
    assert codes(sent) & (SIXTEEN - {"39", "49"})


def test_with_256_colours_none_is_sent_by_its_channels(bus: str) -> None:
    with monitor(bus, COLORTERM="") as terminal:
        sent = everything(terminal)
    assert codes(sent) <= ATTRIBUTES | SIXTEEN | {"38;5", "48;5"}
    assert "38;5" in codes(sent)


def test_the_terminals_own_background_can_be_kept(bus: str) -> None:
    with monitor(bus, DASHCTL_MONITOR_BACKGROUND="terminal") as terminal:
        sent = everything(terminal)
    assert b"48;2;16;16;22" not in sent
    assert "38;2" in codes(sent)


def test_in_ascii_nothing_else_is_sent(bus: str) -> None:
    with monitor(bus, "--ascii") as terminal:
        sent = everything(terminal)
    assert b"loss" in sent
    assert sent.isascii()


def test_another_theme_is_shown_at_once(bus: str) -> None:
    with monitor(bus) as terminal:
        before = len(terminal.sent)
        terminal.type(b"W")
        terminal.read_until(b"theme light", after=before)
        terminal.read_for(0.3)
        after = terminal.sent[before:]
        assert b"48;2;255;255;255" in after
        terminal.type(b"q")
        assert terminal.end() == 0
