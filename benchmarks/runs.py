"""Runs and Logs: what pictures of 10,000 runs and of 10,000 log lines cost, from the state to the terminal.

Peers: a table of rich with the same runs, which draws all of them since it knows no screen; and a search of
the same lines with nothing but `re`.
"""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from time import process_time
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.result import Result
from dashctl.events import Event, LogLine, Metric, RunFinished, RunStarted, Scalar, Stamped
from dashctl.state import State, fold_all
from dashctl_tui.plots.ansi import to_ansi
from dashctl_tui.plots.skin import Skin
from dashctl_tui.scenes import Scene, scene_named
from dashctl_tui.scenes.viewport import Shared

RUNS, POINTS, LINES = 10_000, 100, 10_000
WIDTH, HEIGHT = 120, 40
_NOW = 1.7e9
_SKIN = Skin(depth="256")
_PATTERN = "/loss 0[.]00[0-9]{2}$/"
TIMES = 5


def runs_state() -> State:
    """Ten thousand runs of a sweep, one in ten of which never ended, with a curve each."""
    state = State()
    for number in range(RUNS):
        run, began = f"mnist-{number:05}", _NOW - RUNS + number
        config: dict[str, Scalar] = {
            "lr": 10.0 ** -(number % 5),
            "model": ("lstm", "gru")[number % 2],
            "seed": number,
            "hidden": 48,
        }
        told: list[Event] = [RunStarted(config, "bramble", "python train.py", "mnist")]
        told += [Metric("val_loss", step, 1 / (1 + step)) for step in range(POINTS)]
        told += [RunFinished()] if number % 10 else []
        fold_all(state, [Stamped(began, run, event) for event in told])
    return state


def logs_state() -> State:
    """As many lines as are kept."""
    state = State()
    lines = [
        LogLine(f"epoch {number}: train loss {1 / (1 + number):.4f}", source="train")
        for number in range(LINES)
    ]
    fold_all(state, [Stamped(_NOW - LINES + number, "mnist", line) for number, line in enumerate(lines)])
    return state


def picture(scene: Scene[Any], state: State, wanted: str = "", now: float = _NOW, **look: Any) -> str:
    """From the state to a string for the terminal."""
    viewport = scene.viewport(WIDTH, HEIGHT, now)
    viewport = replace(viewport, look=replace(viewport.look, **look), shared=Shared(wanted))
    return to_ansi(scene.paint(scene.select(state, viewport), viewport).rows, _SKIN)


def milliseconds(call: Callable[[int], object], times: int = TIMES) -> float:
    """Processor time of one call: the shortest, since other work only ever adds to it."""
    taken = []
    for number in range(times):
        started = process_time()
        call(number)
        taken.append((process_time() - started) * 1e3)
    return min(taken)


def rich_table(state: State) -> str:
    """A line for each run."""
    table = Table("run", "host", "lr")
    for item in state.latest(RunStarted).values():
        table.add_row(item.run, item.event.host, str(item.event.config["lr"]))
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="256")
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def search(state: State) -> list[str]:
    """The lines that match, as whoever reads a file would find them."""
    pattern = re.compile(_PATTERN.strip("/"), re.IGNORECASE)
    return [item.event.message for item in state.last(LogLine)[()] if pattern.search(item.event.message)]


def run() -> list[Result]:
    """Each picture from the state on; what is kept between pictures is told apart from what is not."""
    runs, logs = scene_named("runs"), scene_named("logs")
    state, lines = runs_state(), logs_state()
    peer, searched = milliseconds(lambda _: rich_table(state), 1), milliseconds(lambda _: search(lines))

    def again(number: int) -> None:
        fold_all(state, [Stamped(_NOW, "mnist-09990", Metric("val_loss", POINTS + number, 0.5))])
        picture(runs, state)

    def log_again(number: int) -> None:
        fold_all(lines, [Stamped(_NOW, "mnist", LogLine(f"one more, {number}"))])
        picture(logs, lines, _PATTERN)

    # Another second each time, so that nothing of the picture before is used.
    first = milliseconds(lambda number: picture(runs, state, now=_NOW + number))
    filtered = milliseconds(lambda number: picture(runs, state, f"lr>=0.01 model:lstm !{number}x"))
    best = milliseconds(lambda number: picture(runs, state, sort="best", now=_NOW + number))
    many = f"{RUNS:,} runs"
    return [
        Result(f"{many}: the first picture", first, peer, "rich, all lines", "ms CPU"),
        Result(f"{many}: the next, after a value", milliseconds(again), peer, "rich, all lines", "ms CPU"),
        Result(f"{many}: another filter", filtered, peer, "rich, all lines", "ms CPU"),
        Result(f"{many}: sorted by the best value", best, peer, "rich, all lines", "ms CPU"),
        Result(
            f"{LINES:,} log lines",
            milliseconds(lambda _: picture(logs, lines)),
            searched,
            "re alone",
            "ms CPU",
        ),
        Result(
            f"{LINES:,} log lines through a regex",
            milliseconds(lambda number: picture(logs, lines, f"{_PATTERN} !{number}x")),
            searched,
            "re alone",
            "ms CPU",
        ),
        Result(
            f"{LINES:,} log lines through a regex, after a line",
            milliseconds(log_again),
            searched,
            "re alone",
            "ms CPU",
        ),
    ]
