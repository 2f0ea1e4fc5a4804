"""Starts the monitor on a terminal and ends it, whatever ends it.

Rules: SIGTERM, SIGHUP and SIGINT leave the terminal as it was and end the program with 128 plus their
number; a terminal that takes nothing any more cannot keep the program from ending.
"""

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, cast

from dashctl.bus import Address, Announcer, Follower
from dashctl.bus.past import Past
from dashctl.errors import UsageError
from dashctl.settings import MONITOR_BELL, chosen_keys, setting
from dashctl_tui.app import Monitor
from dashctl_tui.calls import Calls
from dashctl_tui.chosen import Chosen
from dashctl_tui.keys import rebound
from dashctl_tui.last_view import keep_view, view_of
from dashctl_tui.pictures import terminal_driver
from dashctl_tui.plots.skin import Skin
from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.firing import Bell
from dashctl_tui.terminal import LEAVE
from dashctl_tui.travel import Traveller

_GRACE = 3.0
_SWITCH = 0.001
"""Seconds after which a thread that folds lets one that waits for a key go first, four times on its way."""
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def watch(
    address: Address | str | None,
    *,
    scene: str | None,
    mouse: bool,
    interval: float,
    now: Callable[[], float],
    place: str,
    mark: Callable[[], str],
    view: Path | None,
    skin: Skin | None,
    theme: str | None,
) -> int:
    """See `dashctl_tui.run`."""
    chosen = (view_of(view) if view else None) or Chosen("overview")
    skin = skin or Skin()
    begun = replace(skin, theme=theme or chosen.theme_for(skin.theme))
    if scene is not None:
        chosen = replace(chosen, name=scene_named(scene).name)
    actions = rebound(chosen_keys())
    elsewhere = terminal_driver() is None
    if not elsewhere and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("monitor: standard input and output must be a terminal; expected --once elsewhere")
    sys.setswitchinterval(_SWITCH)
    with Follower(address) as follower, closing(Announcer(follower.address, "monitor")) as announcer:
        monitor = Monitor(
            follower,
            place or str(follower.address),
            traveller=Traveller(partial(Past, follower.address)),
            calls=Calls(follower.address),
            publish=announcer.log,
            chosen=chosen,
            actions=actions,
            skin=begun,
            interval=interval,
            now=now,
            local=str(follower.address),
            mark=mark,
            bell=cast("Bell", setting(MONITOR_BELL)),
        )

        def keep() -> None:
            if view:
                new = monitor.skin.theme != begun.theme
                theme = (monitor.skin.theme, skin.theme) if new else chosen.theme
                keep_view(view, replace(monitor.chosen, theme=theme))

        with nullcontext() if elsewhere else _ended_by_signals(monitor, keep):
            monitor.run(mouse=mouse)
        keep()
    return monitor.return_code or 0


@contextmanager
def _ended_by_signals(monitor: Monitor, keep: Callable[[], None]) -> Iterator[None]:
    before = termios.tcgetattr(sys.stdin)
    watchdogs: list[threading.Timer] = []

    def end(number: int, frame: FrameType | None) -> None:
        # A terminal that hangs would be waited for without end.
        watchdogs.append(threading.Timer(_GRACE, lambda: _leave_at_once(before, 128 + number, keep)))
        watchdogs[-1].daemon = True
        watchdogs[-1].start()
        monitor.end(128 + number)

    former = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        for watchdog in watchdogs:
            watchdog.cancel()


def _leave_at_once(attributes: list[Any], status: int, keep: Callable[[], None]) -> None:
    """Give the terminal back as far as it takes anything, and end without waiting for anybody."""
    keep()
    with suppress(OSError, termios.error, ValueError):
        termios.tcsetattr(sys.stdin, termios.TCSANOW, attributes)
        # A description of its own, so that not waiting is nobody else's mode.
        terminal = os.open(os.ttyname(sys.stdout.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        os.write(terminal, LEAVE.encode())
    os._exit(status)
