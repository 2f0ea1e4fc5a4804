"""`dashctl history`: what the journal has of a metric, or the last events of a type.

Rules: it asks and starts nothing; times in are local unless they say otherwise, times out are local in
the table and seconds since 1970 in JSON and CSV; what a journal does not have is said, not made up.
"""

import csv
import json
import re
import sys
import time
from argparse import ArgumentTypeError, Namespace
from array import array
from collections.abc import Iterator
from typing import Any, Final, cast

from dashctl.bus.control import ask_history
from dashctl.bus.messages import Curve, HistoryReply
from dashctl.cli.connection import bus_of
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, add_timeout, whole
from dashctl.cli.wording import clock
from dashctl.errors import UsageError
from dashctl.events import BY_NAME, Event, Metric, Stamped
from dashctl.recording.moments import When
from dashctl.state_json import curve_json, plain_event
from dashctl.validation import sendable

DESCRIPTION: Final = (
    "Show what happened, from the journal of the broker: the curve of a metric, thinned so that no peak is\n"
    "lost, or the newest events of another type. MOMENT is 10:02, 2026-05-04T10:02, or 90s, 15min, 2h, 3d\n"
    "for so long ago."
)
EXAMPLES: Final = (
    "dashctl history loss --since 2h",
    "dashctl history --type alert --since 7d --json",
    "dashctl history loss --run exp1 --points 500 --csv > loss.csv",
)
_AGO: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(s|min|h|d)")
_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
_COLUMNS: Final = ("run", "name", "step", "time", "low", "mean", "high", "samples")
_WIDTH: Final = 120


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("name", nargs="?", metavar="METRIC", help="which metric (default: all)")
    parser.add_argument(
        "--type",
        choices=BY_NAME,
        default=Metric.type_name(),
        metavar="TYPE",
        help="events of this type instead",
    )
    parser.add_argument("--run", metavar="RUN", help="only of this run")
    parser.add_argument("--since", type=_moment, default=0.0, metavar="MOMENT", help="only from then on")
    parser.add_argument("--until", type=_moment, metavar="MOMENT", help="only what was before then")
    parser.add_argument(
        "--points",
        type=whole(1, 10_000),
        default=20,
        metavar="N",
        help="points of a curve, or events, at most (default: 20)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as one JSON object")
    form.add_argument("--csv", action="store_true", help="as CSV: a row for each point of a curve")
    add_timeout(parser, 30.0)
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Ask and print."""
    is_curve = arguments.type == Metric.type_name()
    if arguments.csv and not is_curve:
        raise UsageError("--csv is for metrics; use --json for events of other types")
    if arguments.until is not None and arguments.until <= arguments.since:
        raise UsageError("--until has to be after --since")
    until = {} if arguments.until is None else {"until": arguments.until}
    found = ask_history(
        bus_of(arguments),
        arguments.type,
        run=arguments.run,
        name=arguments.name,
        since=arguments.since,
        points=arguments.points,
        timeout=arguments.timeout,
        **until,
    )
    if arguments.json:
        print(json.dumps(_as_json(found), allow_nan=False))
    elif arguments.csv:
        csv.writer(sys.stdout).writerows([_COLUMNS, *_rows(found.curves)])
    else:
        _print_table(found)
    return 0


def _moment(text: str) -> float:
    """Seconds since 1970; a time of day is the last such that has passed."""
    now = time.time()
    if ago := _AGO.fullmatch(text):
        return max(0.0, now - float(ago[1]) * _SECONDS[ago[2]])
    try:
        when = When.parse(text)
    except UsageError:
        when = When(offset=0.0)
    if when.offset is not None:
        raise ArgumentTypeError(
            f"{text!r} is not allowed; expected 10:02, 2026-05-04T10:02 or 90s, 15min, 2h, 3d"
        )
    return when.after(now - 86_400.0)


def _as_json(found: HistoryReply) -> dict[str, Any]:
    return {
        "total": found.total,
        "curves": [{"run": each.run, "name": each.name, **curve_json(each.columns)} for each in found.curves],
        "events": [plain_event(each) for each in _events(found)],
    }


def _events(found: HistoryReply) -> tuple[Stamped[Event], ...]:
    return cast("tuple[Stamped[Event], ...]", found.events)


def _rows(curves: tuple[Curve, ...]) -> Iterator[tuple[Any, ...]]:
    """A row for each bucket; one without a finite value has NaN."""
    for curve in curves:
        columns = curve.columns
        floats = (array("d", each) for each in (columns.times, columns.low, columns.mean, columns.high))
        for step, *values, count in zip(
            array("q", columns.steps), *floats, array("Q", columns.counts), strict=True
        ):
            yield curve.run, curve.name, step, *values, count


def _print_table(found: HistoryReply) -> None:
    if not found.total:
        say("the journal has nothing of that")
        return
    for curve in found.curves:
        where = f" in {curve.run}" if curve.run else ""
        print(f"{curve.name}{where}: {curve.columns.total:,} samples, the last {curve.columns.last:g}")
        print(f"  {'time':<19}  {'step':>12}  {'low':>12}  {'mean':>12}  {'high':>12}")
        for _, _, step, at, low, mean, high, _ in _rows((curve,)):
            print(f"  {clock(at)}  {step:>12,}  {low:>12.6g}  {mean:>12.6g}  {high:>12.6g}")
    for item in _events(found):
        fields = plain_event(item)
        pairs = (
            f"{key}={json.dumps(value)}"
            for key, value in fields.items()
            if key not in {"time", "type", "run"}
        )
        where = f"{item.run}  " if item.run else ""
        print(f"{clock(item.time)}  {where}{sendable(' '.join(pairs), _WIDTH)}")
    if len(found.events) < found.total and found.events:
        say(f"the newest {len(found.events):,} of {found.total:,}")
