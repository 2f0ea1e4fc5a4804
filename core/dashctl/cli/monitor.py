"""`dashctl monitor`: the screen, or one picture of it as text.

Rules: where no screen can be shown there is one picture rather than a screen; a picture only
looks, so it needs a broker that is there; the screen waits for events, so it makes sure of one; what
is wrong with the arguments is found before a broker is looked for, let alone started.
"""

import shutil
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from dashctl.bus import Connection
from dashctl.bus.address import Address
from dashctl.bus.control import ask_snapshot
from dashctl.cli.connection import broker_of, bus_of, place_of
from dashctl.cli.extras import needing
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, number, size
from dashctl.cli.terminal import colour_depth, only_ascii, why_no_screen
from dashctl.errors import UsageError
from dashctl.events import BusStats
from dashctl.folders import view_file
from dashctl.settings import (
    COLOURS,
    MONITOR_BACKGROUND,
    MONITOR_INTERVAL,
    MONITOR_MOUSE,
    MONITOR_REMEMBER,
    MONITOR_THEME,
    THEMES,
    setting,
)
from dashctl.state import State

DESCRIPTION: Final = (
    "Watch what is published, live. ? lists the keys, q quits. Without a terminal that\n"
    "can show a screen it prints one picture and ends, as with --once."
)
EXAMPLES: Final = (
    "dashctl monitor",
    "dashctl monitor --scene training --no-mouse",
    "dashctl monitor --theme light --colours 256",
    "dashctl monitor --once --scene models --size 120x40 --ascii",
    "dashctl monitor ssh://me@box",
)


_FIRST_SCENE: Final = "overview"


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("where", nargs="?", metavar="ADDRESS", help="the bus, as with --bus")
    add_picture_arguments(parser)
    add_screen_arguments(parser, remembers=True)
    add_bus(parser)


def add_picture_arguments(parser: Parser) -> None:
    """Declare what `print_picture` takes, beside the arguments of `watch`."""
    parser.add_argument("--once", action="store_true", help="print one picture as text and end")
    parser.add_argument(
        "--size",
        type=size,
        metavar="COLUMNSxROWS",
        help="of the picture, with --once (default: the terminal's, or 80x24)",
    )


def add_screen_arguments(parser: Parser, *, remembers: bool = False) -> None:
    """Declare what `watch` takes; `remembers` where it gets a `view`."""
    first = "the one of last time, or overview" if remembers else "overview"
    parser.add_argument("--scene", metavar="NAME", help=f"the scene (default: {first})")
    add_skin_arguments(parser)
    parser.add_argument(
        "--interval",
        type=number(0.05, 60),
        metavar="SECONDS",
        help="between two pictures at least (default: [monitor] interval of the configuration, or 0.033)",
    )
    parser.add_argument(
        "--no-mouse", dest="mouse", action="store_const", const=False, help="leave the mouse to the terminal"
    )


def add_skin_arguments(parser: Parser) -> None:
    """Declare what `skin_of` takes."""
    parser.add_argument(
        "--theme",
        choices=THEMES,
        help="colours; the last two are safe for colour-blind eyes (default: [monitor] theme, or dark)",
    )
    parser.add_argument(
        "--colours",
        "--colors",
        choices=COLOURS,
        help="how many to send (default: [monitor] colours, or as many as the terminal has)",
    )
    parser.add_argument(
        "--ascii",
        action="store_const",
        const=True,
        help="no other characters (default: [monitor] ascii, or where the terminal has no others)",
    )


def skin_of(arguments: Namespace) -> Any:
    """The monitor's `Skin`, by arguments, environment and configuration. Raises UsageError."""
    depth, ascii_alone = colour_depth(arguments.colours), only_ascii(arguments.ascii)
    theme, background = setting(MONITOR_THEME, arguments.theme), setting(MONITOR_BACKGROUND)
    with needing("tui", "dashctl monitor"):
        skin = import_module("dashctl_tui.plots.skin").Skin
    return skin(theme, depth, ascii_alone, fills=background == "theme")


def run(arguments: Namespace) -> int:
    """Watch until a person quits, or print one picture."""
    check_screen(arguments)
    if arguments.where is not None:
        if arguments.bus is not None:
            raise UsageError("ADDRESS and --bus exclude each other; see  dashctl monitor --help")
        arguments.bus = arguments.where
    if wants_picture(arguments):
        address = bus_of(arguments)
        return print_picture(ask_snapshot(address), arguments, place=place_of(arguments, address))
    address = broker_of(arguments)
    view = view_file() if setting(MONITOR_REMEMBER) else None
    return watch(address, arguments, place=place_of(arguments, address), view=view)


def wants_picture(arguments: Namespace) -> bool:
    """Whether one picture was asked for, or nothing else can be shown here."""
    if not arguments.once and (obstacle := why_no_screen()):
        say(f"{obstacle}: one picture, as with --once")
        return True
    return bool(arguments.once)


def check_screen(arguments: Namespace) -> None:
    """Raises UsageError for what `watch` would refuse, and MissingExtra if it cannot be looked at."""
    setting(MONITOR_MOUSE, arguments.mouse)
    setting(MONITOR_INTERVAL, arguments.interval)
    skin_of(arguments)
    if arguments.scene is not None:
        with needing("tui", "dashctl monitor"):
            import_module("dashctl_tui.scenes").scene_named(arguments.scene)


def watch(
    address: Address,
    arguments: Namespace,
    now: Callable[[], float] = time.time,
    *,
    place: str = "",
    mark: Callable[[], str] = str,
    view: Path | None = None,
) -> int:
    """The screen, until a person quits; the arguments are those of `add_screen_arguments`.

    `now` is the clock of what is shown, seconds since 1970; `place` is what the address is called there;
    `mark` is what the status line says of the present, "" for nothing; `view` is where the view of last time
    is kept.
    """
    with needing("tui", "dashctl monitor"):
        status: int = import_module("dashctl_tui").run(
            address,
            scene=arguments.scene,
            mouse=setting(MONITOR_MOUSE, arguments.mouse),
            interval=setting(MONITOR_INTERVAL, arguments.interval),
            now=now,
            place=place,
            mark=mark,
            view=view,
            skin=replace(skin_of(arguments), theme=setting(MONITOR_THEME)),
            theme=arguments.theme,
        )
    return status


def print_picture(state: State, arguments: Namespace, *, place: str, now: float | None = None) -> int:
    """One picture of a state that was found at a place, as of a moment (None: the present)."""
    with needing("tui", "dashctl monitor"):
        picture: str = import_module("dashctl_tui").once(
            state,
            connection_of(state, now),
            scene=arguments.scene or _FIRST_SCENE,
            size=arguments.size or tuple(shutil.get_terminal_size((80, 24))),
            skin=skin_of(arguments),
            now=now,
            address=place,
        )
    print(picture)
    return 0


def connection_of(state: State, moment: float | None) -> Connection:
    """How a monitor would be connected that got this state at that moment."""
    now = time.time() if moment is None else moment
    stamped = state.newest(BusStats)
    if stamped is None:
        return Connection(connected=True, since=now)
    stats = stamped.event
    return Connection(connected=True, since=now, lost=stats.lost, rejected=stats.rejected, rate=stats.rate)
