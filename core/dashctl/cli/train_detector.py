"""`dashctl train detector`: trains and tests the detector's models.

Rule: what is printed on stdout is what was measured on held-out episodes, and nothing else.
"""

import os
import shlex
import sys
from argparse import Namespace
from importlib import import_module
from pathlib import Path
from typing import Final

from dashctl.bus.publisher import Publisher
from dashctl.cli.connection import broker_of
from dashctl.cli.extras import needing
from dashctl.cli.narration import say
from dashctl.cli.parsing import Parser, add_bus, number, whole
from dashctl.detector.train_config import DEFAULTS, TrainConfig
from dashctl.errors import UsageError
from dashctl.run import run_id

DESCRIPTION: Final = (
    "Train the detector's models on recorded episodes and test them on episodes that were held out.\n"
    "Prints a table of accuracies and a confusion matrix for each model. While it runs,\n"
    "dashctl call detector stop  ends it after the epoch at hand, tested as usual."
)
EXAMPLES: Final = (
    "dashctl train detector",
    "dashctl train detector --data ./episodes --epochs 20 --seed 1",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="recorded episodes (default: those that come with dashctl)",
    )
    parser.add_argument(
        "--epochs",
        type=whole(1, 100_000),
        default=DEFAULTS.epochs,
        metavar="N",
        help="at most, for the LSTM (default: %(default)s)",
    )
    parser.add_argument(
        "--held-out",
        type=number(0.05, 0.9),
        default=DEFAULTS.held_out,
        metavar="SHARE",
        help="share of the episodes to test on (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=whole(0, 2**31 - 1),
        default=DEFAULTS.seed,
        help="for the split and the training (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=whole(1, 1024),
        default=DEFAULTS.threads,
        metavar="N",
        help="to compute with (default: %(default)s)",
    )
    add_bus(parser)


def run(arguments: Namespace) -> int:
    """Train, and print the table. Gives 1 if training was stopped before its end."""
    if arguments.data is not None and not arguments.data.is_dir():
        raise UsageError(f"--data: {arguments.data} is not a folder")
    # Threads that wait by spinning take a core from whatever else runs; torch reads this when loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    with needing("train", "dashctl train"):
        detector = import_module("dashctl_producers.detector")
        steering = import_module("dashctl_producers.steering")
        from dashctl.detector.evaluate import format_results

    config = TrainConfig(
        epochs=arguments.epochs,
        held_out=arguments.held_out,
        seed=arguments.seed,
        threads=arguments.threads,
    )
    data = {"folder": arguments.data} if arguments.data is not None else {}
    run_name = run_id("detector")
    address = broker_of(arguments)
    with (
        Publisher(address, run=run_name) as publisher,
        steering.steered(run_name, publisher.log, address, say) as steered,
    ):
        say(f"training as run {run_name}; watch it with  dashctl monitor")
        training = detector.run(
            steered.log,
            config=config,
            command=shlex.join(["dashctl", *sys.argv[1:]]),
            enough=steered.enough,
            warn=say,
            **data,
        )
    print(format_results(training.results))
    return 0 if training.finished else 1
