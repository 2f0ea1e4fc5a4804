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
  that never answers is asked once. What Textual draws by itself meanwhile is left out when too much of it
  waits, and everything is drawn anew once the terminal reads again.
- Textual guesses from the environment how many colours there are, and brings what it is given down to the
  nearest of those. Here colours are settled before (`InSkin`), and pass through `all_colours` untouched.
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
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import CursorPosition, InputEvent
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from dashctl_tui.traffic import Traffic

if TYPE_CHECKING:
    from textual.app import App

_X10_REPORT = re.compile(rb"\x1b\[M[\x20-\xff]{3}", re.DOTALL)
_X10_CUT_OFF = re.compile(rb"\x1b\[M[\x20-\xff]{0,2}\Z", re.DOTALL)
_SWITCHED_OFF = (1000, 1003, 1006, 1015, 1016, 2004, 1004, 1049)
LEAVE = "\x1b[<u" + "".join(f"\x1b[?{mode}l" for mode in _SWITCHED_OFF) + "\x1b[?7h\x1b[?25h"
"""Everything back as it was: keyboard, mouse, paste, focus, alternate screen, wrapping, cursor."""

_WHERE_IS_THE_CURSOR = "\x1b[6n"
_BEGIN_TOGETHER, _END_TOGETHER = "\x1b[?2026h", "\x1b[?2026l"
_MOST_WAITING = 24
"""Writes; Textual's queue has room for thirty, and then whoever writes waits."""
_PATIENCE = 2.0
_FAREWELL = 0.5
_BLINK = 0.01
_CHUNK = 4096
_WAIT = 0.1


def all_colours() -> Console:
    """The console through which Textual renders: it leaves every colour as it is."""
    return Console(
        color_system="truecolor",
        no_color=False,
        force_terminal=True,
        legacy_windows=False,
        file=io.StringIO(),
    )


class Output(io.TextIOBase):
    """A terminal to write to that may be gone or slow: it never fails, and `waiting` says what is not out."""

    def __init__(self, terminal: TextIO, traffic: Traffic) -> None:
        self.lost = threading.Event()
        self.on_drained: Callable[[], None] = _nobody
        """Called by whoever writes when nothing waits any more."""
        self._terminal, self._traffic = terminal, traffic
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
        self._traffic.wrote(len(text.encode(errors="replace")))
        with self._lock:
            self._waiting -= 1
            drained = not self._waiting
        if drained:
            self.on_drained()
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
        self.traffic = Traffic()
        self.output = Output(sys.__stdout__, self.traffic)
        self.output.on_drained = self._drained
        self.on_taken: Callable[[], None] = _nobody
        """Called in the event loop when the terminal has taken a frame."""
        self._answers = True
        self._torn = self._leaving = False
        self._wake, self._woken = os.pipe()
        self._unasked = 0
        """Characters since the terminal was asked."""
        self._synchronises = False
        # Textual asks for no more than a text file has; its annotation asks for more.
        self._file = self.output  # type: ignore[assignment]

    @property
    def backlogged(self) -> bool:
        """Whether the terminal has not yet taken, or not yet shown, what was written."""
        asked = self.traffic.asked
        if asked is not None and time.monotonic() - asked > _PATIENCE:
            self._answers = False
            self.traffic.give_up()
        return self.output.waiting > 0 or self.traffic.asked is not None

    @property
    def pace(self) -> float:
        """Seconds between two pictures that the line affords."""
        return self.traffic.pace

    def write_frame(self, codes: str, cursor: tuple[int, int]) -> None:
        """Write a frame in one piece, leave the cursor in that cell, and ask when it has come that far."""
        codes += f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H"
        if self._synchronises:
            codes = f"{_BEGIN_TOGETHER}{codes}{_END_TOGETHER}"
        self._unasked = 0
        self.traffic.drew()
        self.write(codes + self._question())

    def end_frame(self) -> None:
        """Textual wrote what it had to, if anything: ask the terminal to say when it has come that far."""
        if self._unasked:
            self.traffic.drew()
            if question := self._question():
                self.write(question)
        self._unasked = 0

    def _question(self) -> str:
        if not self._answers or self.traffic.asked is not None:
            return ""
        self.traffic.ask()
        return _WHERE_IS_THE_CURSOR

    def write(self, data: str) -> None:
        self._unasked += len(data)
        if self.output.lost.is_set():
            return
        self._torn = self._torn or self.output.waiting >= _MOST_WAITING
        if not self._torn or self._leaving:
            self.output.announce()
            super().write(data)

    def _drained(self) -> None:
        if self._torn:
            self._in_loop(self._draw_anew)

    def _draw_anew(self) -> None:
        self._torn = False
        self._app.refresh()

    def _in_loop(self, call: Callable[[], None]) -> None:
        # A thread that is late finds the loop closed, and nobody to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self.fileno)
        except OSError:
            width = height = 0
        return width or 80, height or 24

    def stop_application_mode(self) -> None:
        # An answer that came later would be typed into the shell.
        self._leaving = True
        until = time.monotonic() + _FAREWELL
        while self.traffic.asked is not None and time.monotonic() < until and not self.output.lost.is_set():
            time.sleep(_BLINK)
        # Textual asks for positions in pixels (1016) where the terminal can, and never takes it back.
        if self._mouse:
            self.write("\x1b[?1016l")
        super().stop_application_mode()

    def process_message(self, message: Message) -> None:
        if isinstance(message, CursorPosition):
            self.traffic.answer()
            # Late is not never.
            self._answers = True
            self._in_loop(self.on_taken)
            return
        if isinstance(message, InputEvent):
            self.traffic.pressed()
        if isinstance(message, TerminalSupportsSynchronizedOutput):
            self._synchronises = True
        super().process_message(message)

    def run_input_thread(self) -> None:
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        x10 = X10Filter()
        unsettled = False
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not self.exit_event.is_set() and not self.output.lost.is_set():
                # A lone escape is a key once nothing followed it; else there is nothing to look for.
                if any(key.fd == self.fileno for key, _ in selector.select(_WAIT if unsettled else None)):
                    received = _read(self.fileno)
                    if not received:
                        break
                    self._process(parser.feed, decode(x10.feed(received)))
                    unsettled = True
                else:
                    unsettled = False
                for message in parser.tick():
                    self.process_message(message)
        if not self.exit_event.is_set():
            self.output.lost.set()
            self._loop.call_soon_threadsafe(self._app.exit, None, 1)

    def disable_input(self) -> None:
        # The input thread waits for keys without end; Textual waits for the thread.
        os.write(self._woken, b"\0")
        super().disable_input()

    def _process(self, feed: Any, text: str) -> None:
        # An empty text would tell the parser that the input has ended.
        for message in feed(text) if text else ():
            self.process_message(message)


def _nobody() -> None:
    """Nobody wants to be told."""


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, _CHUNK)
    except OSError:
        return b""
