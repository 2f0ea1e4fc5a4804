"""What the monitor does to a terminal, and what it outlives: looked at byte by byte in a pseudo-terminal."""

import re
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashctl.bus import Broker
from dashctl.events import Metric, ModelMetric, PhaseEvent
from dashctl_tui.terminal import X10Filter
from tests.tui.screen import Terminal, monitor, tell

COLOUR = re.compile(rb"\x1b\[(?:[0-9;:]*[;:])?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m")
LEFT = (
    b"\x1b[?1049l",
    b"\x1b[?25h",
    b"\x1b[?1000l",
    b"\x1b[?1003l",
    b"\x1b[?1006l",
    b"\x1b[?2004l",
    b"\x1b[?7h",
)


@pytest.fixture
def bus() -> Iterator[str]:
    """A broker that knows something, in a folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="dc") as folder:
        address = f"ipc://{Path(folder) / 'bus'}"
        broker = Broker(address)
        broker.start()
        for step in range(20):
            broker.publish(Metric("loss", step, 1 / (step + 1)))
        broker.publish(ModelMetric("lstm", 0.93))
        broker.publish(PhaseEvent("armed"))
        yield address
        broker.stop()


def assert_left_clean(terminal: Terminal) -> None:
    entered = terminal.sent.rindex(b"\x1b[?1049h")
    for sequence in LEFT:
        assert sequence in terminal.sent[entered:], sequence
    assert terminal.settings() == terminal.before


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_signal_leaves_the_terminal_clean(bus: str, number: signal.Signals, status: int) -> None:
    with monitor(bus) as terminal:
        tell(terminal, number)
        assert terminal.end() == status
        assert_left_clean(terminal)
        assert b"Traceback" not in terminal.sent


def test_quitting_leaves_the_terminal_clean(bus: str) -> None:
    with monitor(bus) as terminal:
        terminal.type(b"q")
        assert terminal.end() == 0
        assert_left_clean(terminal)


def test_a_terminal_that_goes_away_ends_the_monitor(bus: str) -> None:
    with monitor(bus) as terminal:
        terminal.forget()
        terminal.hang_up()
        assert terminal.end() != 0


def test_a_terminal_that_goes_away_unsaid_ends_the_monitor(bus: str) -> None:
    """As above, where nobody sends SIGHUP: reading and writing fail."""
    with monitor(bus) as terminal:
        tell(terminal, signal.SIGSTOP)
        terminal.forget()
        terminal.hang_up()
        tell(terminal, signal.SIGCONT)
        assert terminal.end() != 0


def test_a_terminal_that_takes_nothing_does_not_keep_the_monitor_from_ending(bus: str) -> None:
    with monitor(bus) as terminal:
        terminal.read_for(0.3)
        # Scenes are changed, and nobody reads what is drawn.
        for _ in range(50):
            terminal.type(b"]")
            time.sleep(0.02)
        tell(terminal, signal.SIGTERM)
        until = time.monotonic() + 20
        while terminal.process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert terminal.process.returncode == 143


def test_mouse_reports_of_old_are_survived(bus: str) -> None:
    with monitor(bus) as terminal:
        terminal.type(b"\x1b[M \xff\xfe\x1b[M#\x80\x81")
        terminal.type(b"\xff\xc3")
        before = len(terminal.sent)
        terminal.type(b"9")
        terminal.read_until(b"held-out", after=before)
        terminal.type(b"q")
        assert terminal.end() == 0


def test_no_color_means_no_colour_in_any_scene(bus: str) -> None:
    with monitor(bus, NO_COLOR="1") as terminal:
        for key in (
            b"2",
            b"3",
            b"4",
            b"5",
            b"6",
            b"7",
            b"8",
            b"9",
            b"?",
            b"\x1b",
            b"/",
            b"a",
            b"\r",
            b"\x10",
        ):
            terminal.type(key)
            terminal.read_for(0.3)
        terminal.read_for(0.5)
        terminal.type(b"\x1b")
        terminal.read_for(0.3)
        tell(terminal, signal.SIGTERM)
        terminal.end()
        assert b"0.930" in terminal.sent, "the scenes were drawn"
        assert COLOUR.findall(terminal.sent) == []


def test_with_colours_there_are_colours(bus: str) -> None:
    with monitor(bus) as terminal:
        assert COLOUR.search(terminal.sent)
        terminal.type(b"q")
        terminal.end()


@pytest.mark.parametrize(("mouse", "asked"), [(True, True), (False, False)])
def test_the_mouse_is_left_alone_when_asked(bus: str, mouse: bool, asked: bool) -> None:
    with monitor(bus, mouse=mouse) as terminal:
        terminal.type(b"q")
        terminal.end()
        assert (b"\x1b[?1003h" in terminal.sent) is asked


def test_nothing_is_sent_while_nothing_happens(bus: str) -> None:
    with monitor(bus) as terminal:
        terminal.type(b"7")
        terminal.read_until(b"No profile")
        # What was published before is counted for a second.
        terminal.read_for(2.5)
        assert terminal.read_for(2.0) == b"", "not even for the broker's own sign of life, once a second"
        terminal.type(b"q")
        terminal.end()


ASKED = b"\x1b[6n"


def test_a_slow_terminal_gets_one_frame_at_a_time(bus: str) -> None:
    with monitor(bus) as terminal:
        terminal.read_until(ASKED)
        asked = terminal.sent.count(ASKED)
        for key in (b"7", b"8"):
            terminal.type(key)
        assert b"No episode" not in terminal.read_for(0.5), "the first frame is still on its way"
        assert terminal.sent.count(ASKED) == asked
        before = len(terminal.sent)
        terminal.type(b"\x1b[1;1R")
        terminal.read_until(b"No episode is known yet", after=before)
        assert b"No profile" not in terminal.sent, "what was overtaken is never drawn"
        terminal.type(b"q")
        terminal.end()


def test_a_terminal_that_does_not_say_where_its_cursor_is_is_not_waited_for(bus: str) -> None:
    with monitor(bus) as terminal:
        terminal.read_until(ASKED)
        terminal.type(b"9")
        terminal.read_until(b"held-out")
        before = len(terminal.sent)
        terminal.type(b"T")
        terminal.read_until(b"step", after=before)
        assert terminal.sent.count(ASKED) == 1
        terminal.type(b"q")
        terminal.end()


@pytest.mark.parametrize(
    ("pieces", "rest"),
    [
        ([b"q"], b"q"),
        ([b"a\x1b[M \xff\xffb"], b"ab"),
        ([b"a\x1b[M", b" ", b"\xff\xff", b"b"], b"ab"),
        ([b"\x1b[M!!!\x1b[M!!!"], b""),
        ([b"\x1b[<0;3;4M"], b"\x1b[<0;3;4M"),
        ([b"\x1b[", b"A"], b"\x1b[A"),
        ([b"\x1b"], b"\x1b"),
    ],
)
def test_only_x10_reports_are_taken_out(pieces: list[bytes], rest: bytes) -> None:
    x10 = X10Filter()
    assert b"".join(x10.feed(piece) for piece in pieces) == rest
