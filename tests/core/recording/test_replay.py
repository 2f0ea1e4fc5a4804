"""From a live bus into a file and back: the same is remembered."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, Follower, Publisher
from dashctl.bus.control import ask_snapshot, ask_status
from dashctl.errors import NoBroker, UsageError
from dashctl.events import LogLine, Metric, PointCloud, RunFinished, Stamped
from dashctl.recording import feed as feeding
from dashctl.recording.feed import Feed
from dashctl.recording.moments import When
from dashctl.recording.player import Player, PrivateBus, SharedBus, seek
from dashctl.recording.recorder import Recorder, RecordingWriter, open_new
from dashctl.recording.recording import Recorded, Recording
from dashctl.state import State, fold_all
from tests.core.bus.processes import PATIENCE, said, script, until
from tests.core.recording.examples import EVERY, record, remembered, stamped

BROKER = """
import sys
from pathlib import Path
from dashctl.bus import Broker
from dashctl.bus.journal.settings import JournalSettings
with Broker(sys.argv[1], journal=JournalSettings(Path(sys.argv[2]))) as broker:
    print("listening", flush=True)
    broker.run()
"""


@contextmanager
def recorded(path: Path, address: Address, runs: str = "*") -> Iterator[list[str]]:
    """What happens inside is recorded; yields what the recorder had to say."""
    over, said, failed = threading.Event(), list[str](), list[BaseException]()

    def work() -> None:
        try:
            Recorder(path, address, runs=runs, tell=said.append).record(is_over=over.is_set)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: path.exists() or failed)
    try:
        yield said
    finally:
        over.set()
        thread.join()
    assert not failed


def published(address: Address, count: int) -> None:
    """Two runs at once, everything that there is, and as many metrics and lines as said."""
    with Publisher(address, run="a") as one, Publisher(address, run="b ü") as other:
        for event in EVERY[:-1]:
            one.log(event)
        for step in range(count // 2):
            one.log(Metric("loss", step, math.nan if step % 100 == 0 else 1 / (step + 1)))
            other.log(Metric("loss", step, step / 3))
            if step % 50 == 0:
                one.log(LogLine(f"a {step}"))
                other.log(LogLine(f"b 日本 {step}"))
            while one.statistics().waiting > 20_000:
                time.sleep(0.001)
        other.log(PointCloud.pack("big", range(5_000), range(5_000), cluster=[3] * 5_000))
        one.publish(RunFinished())
        other.publish(RunFinished())


def replayed(path: Path, address: Address) -> State:
    """What a private broker remembers after it."""
    over = threading.Event()
    with PrivateBus(address, over) as stage:
        Player(speed=math.inf, is_over=over).play(Recording(path), stage)
        return ask_snapshot(address, PATIENCE)


def test_a_replay_gives_the_state_that_the_live_run_gave(
    broker: Broker, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "x.mcap"
    with Publisher(broker.address, run="before") as publisher:
        publisher.log(Metric("loss", 1, 2.0))
        publisher.publish(LogLine("before it was recorded"))
    with recorded(path, broker.address) as said, Follower(broker.address) as follower:
        published(broker.address, 20_000)
        live = remembered(ask_snapshot(broker.address, PATIENCE))

        def has_followed() -> bool:
            with follower.lock:
                return remembered(follower.state) == live

        until(has_followed)
        until(lambda: remembered(seek(Recording(path), math.inf).state) == live)
    assert said == []
    assert remembered(replayed(path, Address.parse(f"ipc://{folder}/private"))) == live


def test_only_wanted_runs_are_recorded_and_known(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with Publisher(broker.address, run="no") as publisher:
        publisher.publish(Metric("secret", 1, 2.0))
        publisher.publish(LogLine("secret"))
    with recorded(path, broker.address, "mnist-*"):
        for run in ("no", "mnist-1"):
            with Publisher(broker.address, run=run) as publisher:
                publisher.publish(LogLine(f"secret of {run}" if run == "no" else "told"))
        time.sleep(0.7)
    assert [each.item.run for each in Recording(path) if isinstance(each, Recorded)] == ["mnist-1"]
    assert b"secret" not in seek(Recording(path), math.inf).state.encode()


def test_a_broker_that_began_anew_is_a_loss_in_the_recording(address: Address, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with Broker(address) as first:
        first.start()
        recording = recorded(path, address)
        said = recording.__enter__()
        with Publisher(address) as publisher:
            publisher.publish(LogLine("one"))
        time.sleep(0.3)
    with Broker(address) as second:
        second.start()
        with Publisher(address) as publisher:
            publisher.publish(LogLine("two"))
        until(lambda: any("began anew" in line for line in said))
        live = remembered(ask_snapshot(address, PATIENCE))
        recording.__exit__(None, None, None)
    again = Recording(path)
    assert remembered(seek(again, math.inf).state) == live
    assert again.losses == ["the broker began anew"]


def test_order_across_runs_stays_when_it_is_played(folder: Path, tmp_path: Path) -> None:
    items = [Stamped(1.0 + at, f"run {at % 7}", LogLine(str(at))) for at in range(900)]
    path = record(tmp_path / "x.mcap", items)
    with Broker(f"ipc://{folder}/b") as broker:
        broker.start()
        with SharedBus(broker.address, threading.Event()) as stage:
            Player(speed=math.inf).play(Recording(path), stage)
        state = ask_snapshot(broker.address, PATIENCE)
    assert [item for group in state.last(LogLine).values() for item in group] == items


def test_a_broker_that_is_killed_while_it_is_played_costs_nothing(folder: Path, tmp_path: Path) -> None:
    items = [Stamped(1.0 + at, f"run {at % 3}", LogLine(str(at))) for at in range(600)]
    address = Address.parse(f"ipc://{folder}/b")
    with SharedBus(address, threading.Event()) as stage:
        with script(BROKER, address, tmp_path / "journal") as first:
            assert said(first) == "listening"
            stage.send(items[:300])
            first.kill()
            first.wait()
        with script(BROKER, address, tmp_path / "journal") as second:
            assert said(second) == "listening"
            stage.send(items[300:])
            stage.finish()
            state = ask_snapshot(address, PATIENCE)
            lost = ask_status(address, PATIENCE).lost
    assert [item for group in state.last(LogLine).values() for item in group] == items
    assert lost == 0


def test_a_seek_folds_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with RecordingWriter(path, open_new(path, force=False)) as writer:
        writer.begin(State())
        writer.add(stamped([LogLine("early")]))
        time.sleep(0.3)
        writer.add(stamped([LogLine("late")]))
    recording = Recording(path)
    state, rest, moment = seek(recording, recording.first_time + 0.2)
    early = State()
    fold_all(early, stamped([LogLine("early")]))
    assert state.encode() == early.encode()
    assert [each.item.event for each in rest if isinstance(each, Recorded)] == [LogLine("late")]
    assert recording.first_time <= moment <= recording.first_time + 0.1


@pytest.mark.parametrize(("speed", "least"), [(4.0, 0.1), (math.inf, 0.0)])
def test_the_pace_is_that_of_arrival(speed: float, least: float, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with RecordingWriter(path, open_new(path, force=False)) as writer:
        writer.begin(State())
        for _ in range(3):
            writer.add(stamped([LogLine("x")]))
            time.sleep(0.2)
    player = Player(speed=speed)
    with PrivateBus(Address.parse(f"ipc://{folder}/p"), player.is_over) as stage:
        began = time.monotonic()
        player.play(Recording(path), stage)
        assert time.monotonic() - began >= least
        assert player.played == 3


def test_playing_ends_when_it_is_told_to(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    with RecordingWriter(path, open_new(path, force=False)) as writer:
        writer.begin(State())
        writer.add(stamped([LogLine("x")]))
        time.sleep(0.1)
        writer.add(stamped([LogLine("y")]))
    player = Player(speed=0.001)
    with PrivateBus(Address.parse(f"ipc://{folder}/p"), player.is_over) as stage:
        threading.Timer(0.2, player.is_over.set).start()
        player.play(Recording(path), stage)
    assert player.played <= 1


def test_where_nobody_takes_the_events_it_says_so(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "PATIENCE", 0.3)
    with Feed(address) as feed, pytest.raises(NoBroker):
        feed.send(stamped([LogLine("x")]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+90s", 90.0),
        ("+1.5min", 90.0),
        ("+2h", 7_200.0),
        ("+7", 7.0),
        ("10:02", 120.0),
        ("10:02:30.5", 150.5),
        ("09:00", 23 * 3_600.0),
        ("2026-05-04T10:05", 300.0),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, expected: float) -> None:
    beginning = When.parse("2026-05-04T10:00:00").after(0.0)
    assert When.parse(text).after(beginning) - beginning == expected


@pytest.mark.parametrize("text", ["", "soon", "25:00", "10:61", "+", "-5s", "+1y", "2026-13-01", "9" * 400])
def test_other_moments_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a time as 10:02"):
        When.parse(text)
