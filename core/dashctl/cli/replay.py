"""`dashctl replay`: a recording, as if it happened now.

Rules: without a bus it plays on one of its own, that nobody else is on and that is gone afterwards; what
is wrong with the recording is found before anything is started; times and runs are the recorded ones.
"""

import math
import tempfile
import threading
from argparse import ArgumentTypeError, Namespace
from contextlib import suppress
from pathlib import Path
from typing import Final

from dashctl.bus.address import Address
from dashctl.cli.connection import broker_of, bus_of
from dashctl.cli.gauge import Gauge
from dashctl.cli.monitor import (
    add_picture_arguments,
    add_screen_arguments,
    check_screen,
    print_picture,
    wants_picture,
    watch,
)
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser
from dashctl.cli.recordings import moment, tell_faults
from dashctl.cli.wording import clock
from dashctl.errors import DashctlError, UsageError
from dashctl.recording.player import Player, PrivateBus, SharedBus, Stage, seek
from dashctl.recording.recording import Recording

DESCRIPTION: Final = (
    "Play a recording of dashctl record, in a monitor of its own or, with --bus, onto a bus.\n"
    "Without a terminal that can show a screen it prints one picture of its end, as with --once.\n"
    "MOMENT is a time of day as 10:02, a date and time as 2026-05-04T10:02, or +90s from its start."
)
EXAMPLES: Final = (
    "dashctl replay run.mcap",
    "dashctl replay run.mcap --speed 4 --from 10:02 --loop",
    "dashctl replay run.mcap --once --scene training --until +90s",
    "dashctl replay run.mcap --speed max --bus ipc:///tmp/second",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the recording")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="N", help="N times as fast, or max (default: 1)"
    )
    parser.add_argument("--from", dest="start", type=moment, metavar="MOMENT", help="begin there")
    parser.add_argument("--until", type=moment, metavar="MOMENT", help="end there")
    parser.add_argument("--loop", action="store_true", help="begin anew at the end, until ctrl+c or q")
    add_picture_arguments(parser)
    add_screen_arguments(parser)
    parser.add_argument("--bus", metavar="ADDRESS", help="play onto this bus, and show no monitor")


def run(arguments: Namespace) -> int:
    """Play it."""
    if arguments.once and (arguments.bus or arguments.loop):
        raise UsageError("--once shows one picture and ends: it goes with neither --bus nor --loop")
    recording = Recording(arguments.file)
    start, until = _range(recording, arguments)
    if arguments.bus:
        return _onto_a_bus(recording, arguments, start, until)
    check_screen(arguments)
    if wants_picture(arguments):
        sought = seek(recording, until)
        tell_faults(recording)
        shown = min(until, sought.moment)
        return print_picture(sought.state, arguments, place=str(arguments.file), now=shown)
    return _on_screen(recording, arguments, start, until)


def _range(recording: Recording, arguments: Namespace) -> tuple[float, float]:
    """From when until when, seconds since 1970."""
    beginning = recording.first_time
    start = arguments.start.after(beginning) if arguments.start else -math.inf
    until = arguments.until.after(beginning) if arguments.until else math.inf
    if until <= max(start, beginning):
        raise UsageError(
            f"--until: {clock(until)} is not after {clock(max(start, beginning))}, where it begins"
        )
    return start, until


def _on_screen(recording: Recording, arguments: Namespace, start: float, until: float) -> int:
    player = Player(speed=arguments.speed, until=until)
    failures: list[DashctlError] = []
    has_ended = threading.Event()

    def play(stage: Stage) -> None:
        try:
            _play(recording, player, stage, start, loop=arguments.loop)
        except DashctlError as error:
            failures.append(error)
        finally:
            has_ended.set()

    def mark() -> str:
        return "replay ended" if has_ended.is_set() else ""

    with (
        tempfile.TemporaryDirectory(prefix="dashctl-", ignore_cleanup_errors=True) as folder,
        PrivateBus(Address.parse(f"ipc://{folder}/bus"), player.is_over) as stage,
    ):
        playing = threading.Thread(target=play, args=(stage,), name="dashctl-player")
        playing.start()
        try:
            status = watch(stage.address, arguments, player.now, mark=mark)
        finally:
            player.is_over.set()
            playing.join()
    tell_faults(recording)
    if failures:
        raise failures[0]
    return status


def _onto_a_bus(recording: Recording, arguments: Namespace, start: float, until: float) -> int:
    bus_of(arguments)
    player = Player(speed=arguments.speed, until=until)
    gauge = Gauge()
    with SharedBus(broker_of(arguments), player.is_over) as stage:
        stage.on_sent = lambda sent: gauge.show(f"{clock(player.now())}  {sent:,} events")
        try:
            _play(recording, player, stage, start, loop=arguments.loop)
        finally:
            gauge.clear()
    tell_faults(recording)
    say(f"played {stage.feed.sent:,} events onto {stage.feed.address}")
    return 0


def _play(recording: Recording, player: Player, stage: Stage, start: float, *, loop: bool) -> None:
    while True:
        player.play(recording, stage, start)
        if not loop or player.is_over.wait(1.0):
            return


def _speed(text: str) -> float:
    if text in {"max", "0"}:
        return math.inf
    with suppress(ValueError):
        if 0.001 <= float(text) <= 1e6:
            return float(text)
    raise ArgumentTypeError(f"{text!r} is not allowed; expected a number from 0.001 to 1e6, or max")
