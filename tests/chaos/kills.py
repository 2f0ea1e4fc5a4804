"""Processes that are killed or stopped without a word."""

import random
import signal
import time

from dashctl.bus.control import ask_status
from tests.chaos.audit import Row, audit
from tests.chaos.harness import World, asked, finished, megabytes, until, world

PRODUCERS = 5
LONG = 20.0
"""Seconds after which a monitor that stands still has lost frames."""


def killed_brokers(seconds: float, rate: float, every: float = 3.0) -> Row:
    """The broker is killed every few seconds while producers log."""
    chance = random.Random(1)
    with world() as here:
        broker = here.broker()
        count = round(seconds * rate / PRODUCERS)
        producers = [here.producer(count, rate / PRODUCERS) for _ in range(PRODUCERS)]
        ends, kills = time.monotonic() + seconds, 0
        while time.monotonic() < ends:
            time.sleep(chance.uniform(0.5, 1.5) * every)
            broker.kill()
            broker.wait()
            kills += 1
            broker = here.broker()
        finished(producers)
        here.heard()
        return audit("broker killed -9", here.address, here.told, _note(here, f"{kills} kills"))


def killed_producers(seconds: float, rate: float, every: float = 0.5) -> Row:
    """Producers are killed one after another, and new ones begin."""
    chance = random.Random(2)
    with world() as here:
        here.broker()
        count = round(seconds * rate / PRODUCERS)
        running = [here.producer(count, rate / PRODUCERS) for _ in range(PRODUCERS)]
        names = list(here.told.planned)
        ends, kills, heard = time.monotonic() + seconds, 0, 0
        while time.monotonic() < ends:
            time.sleep(chance.uniform(0.5, 1.5) * every)
            victim = chance.randrange(len(running))
            running[victim].kill()
            running[victim].wait()
            kills += 1
            # One that was killed before it came to connect is nobody's to miss.
            heard += here.told.acked[names[victim]] > 0
            left = max(0.1, ends - time.monotonic())
            running[victim] = here.producer(round(left * rate / PRODUCERS), rate / PRODUCERS)
            names[victim] = list(here.told.planned)[-1]
        finished(running)
        here.heard()
        until(lambda: ask_status(here.address).vanished >= heard)
        status = ask_status(here.address)
        said = f"{kills} kills, {status.vanished} said to have vanished"
        return audit("producers killed -9", here.address, here.told, _note(here, said))


def stopped_monitor(seconds: float, rate: float, stopped: float = 30.0) -> Row:
    """A monitor is stopped for a while; it begins anew from a snapshot, and nobody else notices."""
    with world() as here:
        broker = here.broker()
        monitor = here.monitor()
        producer = here.producer(round(seconds * rate), rate)
        until(lambda: asked(monitor)[1] > 0)
        before = megabytes(broker)
        monitor.send_signal(signal.SIGSTOP)
        time.sleep(stopped)
        grown = megabytes(broker) - before
        monitor.send_signal(signal.SIGCONT)
        finished([producer])
        here.heard()
        held = audit("monitor stopped", here.address, here.told).monitor
        until(lambda: asked(monitor)[1] == held)
        resyncs, _ = asked(monitor)
        # For a shorter while than this, frames wait for it.
        assert resyncs > 0 or stopped < LONG, "a monitor that lost frames did not begin anew"
        assert grown < 400, f"the broker grew by {grown:.0f} MB while a monitor was stopped"
        said = f"{stopped:g} s, {resyncs} resynchronised, broker +{grown:.0f} MB"
        return audit("monitor stopped", here.address, here.told, _note(here, said))


def many_producers(seconds: float, rate: float, processes: int = 20, names: int = 10) -> Row:
    """Two hundred producers log at once."""
    with world() as here:
        here.broker()
        count = round(seconds * rate / processes / names)
        producers = [here.producer(count, rate / processes, names) for _ in range(processes)]
        finished(producers)
        here.heard()
        said = f"{processes * names} producers in {processes} processes"
        return audit("many producers", here.address, here.told, _note(here, said))


def _note(here: World, said: str) -> str:
    gave_up = f", producers gave up {here.told.dropped + here.told.left}"
    return said + (gave_up if here.told.dropped + here.told.left else "")
