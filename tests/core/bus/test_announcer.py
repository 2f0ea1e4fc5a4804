"""Publishing for many runs: each event arrives in its run, and publishers stay few."""

import threading
import time

from dashctl.bus import Announcer, Broker
from dashctl.bus.announcer import MOST
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.events import Alert


def test_events_of_many_runs_arrive_in_theirs_and_threads_stay_few(broker: Broker) -> None:
    before = threading.active_count()
    announcer = Announcer(broker.address)
    for number in range(MOST + 8):
        announcer.log(Alert("disk full"), f"run-{number}")
    assert threading.active_count() - before <= MOST
    announcer.log(Alert("again"), "run-0")
    announcer.close()
    assert threading.active_count() <= before
    deadline = time.monotonic() + 20
    while len(found := ask_snapshot(broker.address).last(Alert).get((), ())) < MOST + 9:
        assert time.monotonic() < deadline
    told = {(item.run, item.event.name) for item in found}
    assert told == {(f"run-{number}", "disk full") for number in range(MOST + 8)} | {("run-0", "again")}


def test_who_speaks_in_the_runs_of_others_says_what_it_is(broker: Broker) -> None:
    announcer = Announcer(broker.address, "alerts")
    announcer.log(Alert("disk full"), "mnist")
    deadline = time.monotonic() + 20
    while [(each.run, each.name) for each in ask_status(broker.address).by_producer] != [("mnist", "alerts")]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    announcer.close()


def test_who_says_nothing_is_no_producer(broker: Broker) -> None:
    before = threading.active_count()
    announcer = Announcer(broker.address)
    assert threading.active_count() == before
    announcer.close()
