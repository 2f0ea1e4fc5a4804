"""Questions about what happened between two moments."""

import math
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashctl.bus import Address, Broker, Publisher
from dashctl.bus.control import BadReply, ask_history
from dashctl.bus.journal.settings import JournalSettings
from dashctl.events import LogLine, Metric
from tests.core.bus.processes import PATIENCE

NOON = 1_700_000_000.0


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A bus where 5,000 steps of two metrics and 50 lines were published, over several segments."""
    with tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp") as folder:
        address = Address.parse(f"ipc://{folder}/bus")
        settings = JournalSettings(tmp_path_factory.mktemp("kept") / "journal", segment_effort=2_000)
        with (
            Broker(address, journal=settings) as broker,
            Publisher(address, run="a") as training,
            Publisher(address, run="b") as talking,
        ):
            broker.start()
            for step in range(5_000):
                training.log(Metric("loss", step, 99.0 if step == 1_234 else step / 5_000))
                training.log(Metric("accuracy", step, math.nan if step == 77 else 0.5))
                if step % 100 == 0:
                    talking.log(LogLine(f"step {step}"))
            training.publish(Metric("done", 0, 1.0), PATIENCE)
            talking.publish(LogLine("done"), PATIENCE)
            yield address


def test_a_curve_is_thinned_and_keeps_its_peaks(kept: Address) -> None:
    found = ask_history(kept, name="loss", points=50)
    (curve,) = found.curves
    assert (curve.run, curve.name, found.total) == ("a", "loss", 5_000)
    assert 25 <= len(curve.columns.marks) <= 50
    assert max(array("d", curve.columns.high)) == 99.0


def test_all_curves_of_a_run(kept: Address) -> None:
    assert [(each.run, each.name) for each in ask_history(kept, run="a").curves] == [
        ("a", "accuracy"),
        ("a", "done"),
        ("a", "loss"),
    ]
    assert ask_history(kept, run="b").curves == ()


def test_the_newest_events_of_a_type(kept: Address) -> None:
    found = ask_history(kept, "log_line", points=3)
    assert [each.event.message for each in found.events] == ["step 4800", "step 4900", "done"]  # type: ignore[union-attr]
    assert found.total == 51


def test_a_range_of_time_is_the_time_of_the_events(kept: Address) -> None:
    lines = ask_history(kept, "log_line").events
    since, until = lines[10].time, lines[20].time
    found = ask_history(kept, "log_line", since=since, until=until)
    assert found.events == lines[10:20]
    assert ask_history(kept, "log_line", since=0.0, until=1.0).total == 0


def test_what_would_be_too_much_is_refused_with_a_word_on_how_to_ask_for_less(kept: Address) -> None:
    with Publisher(kept, run="c") as publisher:
        for number in range(600):
            publisher.log(Metric(f"many/{number}", 0, 0.0))
        publisher.publish(Metric("end", 0, 1.0), PATIENCE)
    with pytest.raises(BadReply, match=r"more than .* curves .*: name a run or a metric"):
        ask_history(kept, run="c")
    assert ask_history(kept, name="many/7").total == 1


def test_it_is_answered_also_where_the_folder_is_gone_that_the_broker_was_started_in(
    kept: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert ask_history(kept, name="loss").total == 5_000


def test_a_broker_without_a_journal_says_so(broker: Broker) -> None:
    with pytest.raises(BadReply, match="keeps no journal"):
        ask_history(broker.address)
