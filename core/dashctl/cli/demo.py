"""`dashctl demo`: the monitor on a real training run, from one command.

Rules: nothing is played back: the children record and train, and the monitor hears of it over the
bus like any other; they end when the monitor ends. Unless a bus is named it has one of its own, journal
and watcher and all, so that nothing of it is left among what a person runs in earnest. What is recorded is
thrown away, logs stay only where something failed, until the next demo.
"""

import os
import shutil
import tempfile
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from dashctl.bus.address import Address
from dashctl.bus.broker import Broker
from dashctl.bus.journal.settings import JournalSettings
from dashctl.bus.publisher import Publisher
from dashctl.cli.children import Child, ChildFailed
from dashctl.cli.connection import broker_of
from dashctl.cli.extras import PACKAGES
from dashctl.cli.monitor import add_screen_arguments, check_screen, watch
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus
from dashctl.cli.terminal import why_no_screen
from dashctl.errors import MissingExtra
from dashctl.events import Alert
from dashctl.folders import state_folder
from dashctl.validation import sendable

DESCRIPTION: Final = (
    "Watch a real run: this machine's own telemetry is recorded under a harmless workload, and the\n"
    "detector's models are trained on recorded episodes, while the monitor is open. Quitting ends all\n"
    "of it, and what was recorded is thrown away (dashctl collect keeps it). It has a bus of its own,\n"
    "which others can watch as well, unless --bus names one.\n"
    "--headless does without the monitor: it waits for the training and prints its accuracy table."
)
EXAMPLES: Final = ("dashctl demo", "dashctl demo --headless", "dashctl demo --bus ipc:///tmp/shared")

_MANY: Final = "1440"
"""Episodes to record: a day of them, which is longer than anybody watches a demo."""

_TRAINING: Final = ("train", "detector")
_ALERTS: Final = """
[[rule]]
name = "not finite"
kind = "nan"
severity = "critical"

[[rule]]
name = "no progress"
kind = "plateau"
metric = "*/val_loss"
over = "8 steps"
severity = "info"
"""


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--headless", action="store_true", help="no screen: train, print the table and end")
    add_screen_arguments(parser)
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Start everything, watch, end everything."""
    headless = arguments.headless
    if not headless and (obstacle := why_no_screen()):
        say(f"{obstacle}: going on as with --headless")
        headless = True
    for extra in ("train",) if headless else ("train", "tui"):
        _check_installed(extra)
    if not headless:
        check_screen(arguments)
    # Loading the screen takes as long as starting a broker: both at once, and both before the
    # children want the processors, make the first picture come sooner.
    with nullcontext() if headless else _loading_the_screen():
        address = broker_of(arguments) if arguments.bus else arguments.opened.enter_context(_own_bus())
    # The publisher outlives the children: one may fail, and be told of, until it is stopped.
    with _folder() as folder, Publisher(address) as publisher, ExitStack() as children:
        recording = children.enter_context(_recording(address, folder))
        training = children.enter_context(_training(address, folder))
        for child in (recording, training):
            child.on_failure(lambda failed: publisher.log(_alert(failed)))
        if not arguments.bus:
            children.enter_context(_watched(address))
        if headless:
            return _run_headless(recording, training)
        return _run_on_screen(address, arguments, recording, training)


@contextmanager
def _loading_the_screen() -> Iterator[None]:
    loading = threading.Thread(target=import_module, args=("dashctl_tui.launch",))
    loading.start()
    try:
        yield
    finally:
        loading.join()


@contextmanager
def _own_bus() -> Iterator[Address]:
    """A broker in this process, with a journal to travel through; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dashctl-", ignore_cleanup_errors=True) as folder:
        address = Address.parse(f"ipc://{folder}/bus")
        with Broker(address, journal=JournalSettings(Path(folder) / "journal")) as broker:
            broker.start()
            say(f"its bus is its own:  dashctl monitor --bus {address}  shows it elsewhere, too")
            yield address


@contextmanager
def _watched(address: Address) -> Iterator[None]:
    """A watcher by two rules, in a thread, for which nobody waits at the beginning."""
    over = threading.Event()

    def watch_alerts() -> None:
        from dashctl.alerts.reading import read_text
        from dashctl.alerts.watcher import Watcher

        with Watcher(address, read_text(_ALERTS, "demo")) as watcher:
            watcher.watch(over.is_set)

    watching = threading.Thread(target=watch_alerts, name="dashctl-alerts")
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _run_headless(recording: Child, training: Child) -> int:
    say("recording this machine's telemetry and training the detector, which takes a minute or two")
    training.wait()
    if recording.failure is not None:
        raise recording.failure
    print(training.output(), end="")
    return 0


def _run_on_screen(address: Address, arguments: Namespace, recording: Child, training: Child) -> int:
    status = watch(address, arguments)
    if training.has_finished:
        print(training.output(), end="")
    elif training.failure is None:
        say("the training was ended before it was done; dashctl train detector  does all of it")
    for failure in (recording.failure, training.failure):
        if failure is not None:
            raise failure
    return status


def _alert(failure: ChildFailed) -> Alert:
    return Alert("demo", sendable(str(failure)), severity="critical")


def _recording(address: Address, folder: Path) -> Child:
    arguments = ["collect", str(folder / "episodes"), "--episodes", _MANY, "--bus", str(address)]
    return Child("recording", arguments, folder)


def _training(address: Address, folder: Path) -> Child:
    return Child("training", [*_TRAINING, "--bus", str(address)], folder)


def _check_installed(extra: str) -> None:
    """Raises MissingExtra. It only looks: loading the packages here would delay the first picture."""
    for package in PACKAGES[extra]:
        if find_spec(package) is None:
            raise MissingExtra("dashctl demo", extra, package)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for the children, without those of demos that are over; logs of failures stay in it."""
    demos = state_folder() / "demo"
    demos.mkdir(parents=True, exist_ok=True)
    for former in demos.iterdir():
        if not _is_alive(former.name):
            shutil.rmtree(former, ignore_errors=True)
    folder = demos / str(os.getpid())
    folder.mkdir()
    worth_keeping = False
    try:
        yield folder
    except ChildFailed:
        worth_keeping = True
        raise
    finally:
        shutil.rmtree(folder / "episodes" if worth_keeping else folder, ignore_errors=True)


def _is_alive(process: str) -> bool:
    if process == str(os.getpid()) or not process.isdecimal():
        return False
    with suppress(PermissionError):
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return False
    return True
