"""What Textual 8.2's Linux driver leaves to be done about a terminal. Nothing else here works around Textual.

Rules: each piece says what goes wrong without it; none changes what a widget sees.

- Mouse reports in the X10 encoding (a tmux that is attached again may send some) are bytes that are no
  UTF-8: the driver's input thread ends with UnicodeDecodeError. Here they are taken out, and the rest is
  decoded leniently.
- A terminal that is gone makes the driver's input thread read nothing for ever and its writer thread end,
  after which the event loop blocks on a full queue. Here reading nothing, or any error, is the end of the
  application, and writing to nowhere does nothing.
- A terminal that does not read blocks the event loop after thirty writes, and one at the end of a slow line
  shows what was the case a while ago. Here each frame ends with the question where the cursor is (ESC[6n);
  as long as it is not answered, `backlogged` says so, and the application draws no further frame. A terminal
  that never answers is asked once.
- NO_COLOR is answered with shades of grey. `Colourless` takes every colour out.
- The driver writes to stderr, which people redirect. Here it writes to stdout.
- The driver believes COLUMNS and LINES, which some shells export and nothing updates. Here the terminal is
  asked for its size.
"""

import codecs
import io
import os
import re
import selectors
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

from rich.segment import Segment
from textual._xterm_parser import XTermParser
from textual.color import Color
from textual.drivers.linux_driver import LinuxDriver
from textual.events import CursorPosition
from textual.filter import LineFilter
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

if TYPE_CHECKING:
    from textual.app import App

_X10_REPORT = re.compile(rb"\x1b\[M[\x20-\xff]{3}", re.DOTALL)
_X10_CUT_OFF = re.compile(rb"\x1b\[M[\x20-\xff]{0,2}\Z", re.DOTALL)
_SWITCHED_OFF = (1000, 1003, 1006, 1015, 1016, 2004, 1004, 1049)
LEAVE = "\x1b[<u" + "".join(f"\x1b[?{mode}l" for mode in _SWITCHED_OFF) + "\x1b[?7h\x1b[?25h"
"""Everything back as it was: keyboard, mouse, paste, focus, alternate screen, wrapping, cursor."""

_WHERE_IS_THE_CURSOR = "\x1b[6n"
_BEGIN_TOGETHER, _END_TOGETHER = "\x1b[?2026h", "\x1b[?2026l"
_PATIENCE = 2.0
_FAREWELL = 0.5
_BLINK = 0.01
_CHUNK = 4096
_WAIT = 0.1


class Colourless(LineFilter):
    """Takes the colours out of every style, and leaves bold, underline and reverse."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.style is None
            else Segment(segment.text, segment.style.without_color, segment.control)
            for segment in segments
        ]


class Output(io.TextIOBase):
    """A terminal to write to that may be gone or slow: it never fails, and `waiting` says what is not out."""

    def __init__(self, terminal: TextIO) -> None:
        self.lost = threading.Event()
        self._terminal = terminal
        self._lock = threading.Lock()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Writes that were announced and that the terminal has not taken."""
        return 0 if self.lost.is_set() else self._waiting

    def announce(self) -> None:
        """One more write is on its way."""
        with self._lock:
            self._waiting += 1

    def write(self, text: str) -> int:
        try:
            self._terminal.write(text)
            self._terminal.flush()
        except (OSError, ValueError):
            self.lost.set()
        with self._lock:
            self._waiting -= 1
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def fileno(self) -> int:
        return self._terminal.fileno()


class X10Filter:
    """Takes mouse reports in the X10 encoding out of a stream of bytes."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, received: bytes) -> bytes:
        """What is to be read of the bytes so far; a report that is not whole yet is kept back."""
        received = _X10_REPORT.sub(b"", self._kept + received)
        cut_off = _X10_CUT_OFF.search(received)
        self._kept = cut_off[0] if cut_off else b""
        return received[: len(received) - len(self._kept)]


class TerminalDriver(LinuxDriver):
    """Textual's driver, made to outlive what terminals do."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stdout__ is not None
        self.output = Output(sys.__stdout__)
        self._answers = True
        self._asked: float | None = None
        self._unasked = 0
        """Characters since the terminal was asked."""
        self._synchronises = False
        # Textual asks for no more than a text file has; its annotation asks for more.
        self._file = self.output  # type: ignore[assignment]

    @property
    def backlogged(self) -> bool:
        """Whether the terminal has not yet taken, or not yet shown, what was written."""
        if self._asked is not None and time.monotonic() - self._asked > _PATIENCE:
            self._asked, self._answers = None, False
        return self.output.waiting > 0 or self._asked is not None

    @property
    def pace(self) -> float:
        """Seconds between two pictures that the line affords."""
        return 0.0

    def write_frame(self, codes: str, cursor: tuple[int, int]) -> None:
        """Write a frame in one piece, leave the cursor in that cell, and ask when it has come that far."""
        codes += f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H"
        if self._synchronises:
            codes = f"{_BEGIN_TOGETHER}{codes}{_END_TOGETHER}"
        self._unasked = 0
        self.write(codes + self._question())

    def end_frame(self) -> None:
        """Textual wrote what it had to, if anything: ask the terminal to say when it has come that far."""
        if self._unasked and (question := self._question()):
            self.write(question)
        self._unasked = 0

    def _question(self) -> str:
        if not self._answers or self._asked is not None:
            return ""
        self._asked = time.monotonic()
        return _WHERE_IS_THE_CURSOR

    def write(self, data: str) -> None:
        self._unasked += len(data)
        if not self.output.lost.is_set():
            self.output.announce()
            super().write(data)

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self.fileno)
        except OSError:
            width = height = 0
        return width or 80, height or 24

    def stop_application_mode(self) -> None:
        # An answer that came later would be typed into the shell.
        until = time.monotonic() + _FAREWELL
        while self._asked is not None and time.monotonic() < until and not self.output.lost.is_set():
            time.sleep(_BLINK)
        # Textual asks for positions in pixels (1016) where the terminal can, and never takes it back.
        if self._mouse:
            self.write("\x1b[?1016l")
        super().stop_application_mode()

    def process_message(self, message: Message) -> None:
        if isinstance(message, CursorPosition):
            self._asked = None
            # Late is not never.
            self._answers = True
            return
        if isinstance(message, TerminalSupportsSynchronizedOutput):
            self._synchronises = True
        super().process_message(message)

    def run_input_thread(self) -> None:
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        x10 = X10Filter()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set() and not self.output.lost.is_set():
                if selector.select(_WAIT):
                    received = _read(self.fileno)
                    if not received:
                        break
                    self._process(parser.feed, decode(x10.feed(received)))
                for message in parser.tick():
                    self.process_message(message)
        if not self.exit_event.is_set():
            self.output.lost.set()
            self._loop.call_soon_threadsafe(self._app.exit, None, 1)

    def _process(self, feed: Any, text: str) -> None:
        # An empty text would tell the parser that the input has ended.
        for message in feed(text) if text else ():
            self.process_message(message)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, _CHUNK)
    except OSError:
        return b""
