"""The scenarios of `make chaos`, for seconds instead of minutes: nothing is lost, duplicated or invented."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.audit import Row, table
from tests.chaos.garbage import fuzzed
from tests.chaos.kills import killed_brokers, killed_producers, many_producers, stopped_monitor
from tests.chaos.strangers import unauthorised
from tests.chaos.surroundings import FAKETIME, can_mount, clock_set_back, full_disk

SHORT: dict[str, Callable[[], Row]] = {
    "brokers": lambda: killed_brokers(5, 20_000, every=1.5),
    "producers": lambda: killed_producers(3, 20_000, every=0.6),
    "monitor": lambda: stopped_monitor(6, 20_000, stopped=3),
    "disk": lambda: full_disk(6, 20_000),
    "clock": lambda: clock_set_back(4, 5_000),
    "many": lambda: many_producers(3, 20_000, processes=8, names=25),
    "garbage": lambda: fuzzed(3, 5_000, fuzz=10_000, generated=100),
    "keys": lambda: unauthorised(3, 5_000, tries=6),
}


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_duplicated_or_invented(name: str, tmp_path: Path) -> None:
    if name == "clock" and not FAKETIME.exists():
        _missing("libfaketime is not installed")
    if name == "disk" and not can_mount(tmp_path):
        _missing("only root may mount a small disk")
    row = SHORT[name]()
    print(table([row]))
    assert row.acknowledged > 0
    assert row.is_whole, table([row])


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
