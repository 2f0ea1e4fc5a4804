"""`dashctl collect`: records labelled episodes of this machine's telemetry.

Rules: the recording is worth more than being watched: without a broker it goes on; ended early, it
keeps the episodes that are whole; what is wrong with the arguments is found before anything is
started.
"""

import shlex
import sys
from argparse import ArgumentTypeError, Namespace
from importlib import import_module
from pathlib import Path
from typing import Final

from dashctl.bus.publisher import Publisher
from dashctl.cli.connection import broker_of
from dashctl.cli.extras import needing
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, number, whole
from dashctl.detector.profiles import PROFILES
from dashctl.errors import UsageError
from dashctl.folders import episodes_folder
from dashctl.run import run_id

DESCRIPTION: Final = (
    "Record this machine's telemetry, ten times a second, while a harmless workload walks through\n"
    "the phases of an attack: it computes, writes and deletes files in a temporary folder of its\n"
    "own, talks to itself over loopback and holds memory. It needs no privileges.\n"
    "Prints the folder of each episode as soon as it is whole."
)
EXAMPLES: Final = (
    "dashctl collect",
    "dashctl collect ./episodes --episodes 24",
    "dashctl collect /tmp/short --episodes 2 --seconds 20 --profiles disk-churn,bursty-c2",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "out", nargs="?", type=Path, metavar="FOLDER", help="where to (default: dashctl locate episodes)"
    )
    parser.add_argument(
        "--episodes", type=whole(1, 1_000_000), default=10, metavar="N", help="how many (default: 10)"
    )
    parser.add_argument(
        "--seconds", type=number(1, 3600), default=60.0, help="length of an episode (default: 60)"
    )
    parser.add_argument(
        "--profiles",
        type=_profiles,
        default=PROFILES,
        metavar="NAME,NAME",
        help=f"workloads, taken in turn, of {', '.join(PROFILES)} (default: all)",
    )
    parser.add_argument("--rate", type=number(1, 20), default=10.0, help="samples a second (default: 10)")
    parser.add_argument("--host", metavar="NAME", help="the host's name in the recording (default: its own)")
    parser.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="for the workload (default: 0)")
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Record, and print the folders."""
    out: Path = arguments.out or episodes_folder()
    if out.exists() and not out.is_dir():
        raise UsageError(f"FOLDER: {out} is not a folder")
    with needing("train", "dashctl collect"):
        collector = import_module("dashctl_producers.collector")
        from dashctl.detector.collect import prepare
    host = prepare(out, arguments.host)
    with Publisher(broker_of(arguments), run=run_id("collect")) as publisher:
        say(f"recording {arguments.episodes} episodes of {arguments.seconds:g} s into {out}; ctrl+c ends it")
        collector.run(
            publisher.log,
            out,
            episodes=arguments.episodes,
            profiles=arguments.profiles,
            host=host,
            rate=arguments.rate,
            seconds=arguments.seconds,
            seed=arguments.seed,
            command=shlex.join(["dashctl", *sys.argv[1:]]),
            on_folder=_print_at_once,
        )
    return 0


def _print_at_once(folder: Path) -> None:
    print(folder, flush=True)


def _profiles(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    for name in chosen:
        if name not in PROFILES:
            raise ArgumentTypeError(f"{name!r} is not allowed; expected some of {', '.join(PROFILES)}")
    return chosen
