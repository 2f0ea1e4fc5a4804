"""Every scenario by name: how long, and how many events a second, make a Row."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.chaos.audit import Row
from tests.chaos.garbage import fuzzed
from tests.chaos.kills import killed_brokers, killed_producers, many_producers, stopped_monitor
from tests.chaos.strangers import unauthorised
from tests.chaos.surroundings import clock_set_back, full_disk

SCENARIOS: Final[Mapping[str, Callable[[float, float], Row]]] = {
    "brokers": killed_brokers,
    "producers": killed_producers,
    "monitor": stopped_monitor,
    "disk": full_disk,
    "clock": clock_set_back,
    "many": many_producers,
    "garbage": fuzzed,
    "keys": unauthorised,
}
