"""Tables, read back with the readers that people use."""

import csv
import json
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dashctl.bus import Broker, Publisher
from dashctl.bus.journal.settings import JournalSettings
from dashctl.cli import main
from dashctl.errors import UsageError
from dashctl.events import EVENT_TYPES, LogLine, Metric, Stamped
from dashctl.recording.export.folder import appearing
from tests.core.recording.examples import EVERY, record, stamped


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    many = [
        Stamped(2_000_000_000.0 + at, "a/b" if at % 2 else "..", Metric("loss", at, at / 8))
        for at in range(300)
    ]
    return record(tmp_path / "x.mcap", [*stamped(), *many])


def test_parquet_has_a_typed_table_per_type(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    assert main(["export", str(recording), "--parquet", str(out)]) == 0
    assert {path.stem for path in out.iterdir()} == {cls.type_name() for cls in EVENT_TYPES}
    metrics = pq.read_table(out / "metric.parquet")
    assert [str(field.type) for field in metrics.schema] == [
        "double",
        "string",
        "double",
        "string",
        "int64",
        "double",
    ]
    rows = metrics.to_pylist()
    assert len(rows) == 304
    assert rows[0]["step"] == 2**62
    assert [math.isnan(rows[1]["value"]), rows[2]["value"], rows[3]["value"]] == [True, math.inf, -math.inf]
    assert rows[-1] | {"arrived": 0.0} == {
        "time": 2_000_000_299.0,
        "run": "a/b",
        "arrived": 0.0,
        "name": "loss",
        "step": 299,
        "value": 299 / 8,
    }
    cloud, sure, flat = pq.read_table(out / "point_cloud.parquet").to_pylist()
    assert (cloud["x"], cloud["y"], flat["z"]) == ([1.0, 2.5], [3.0, -4.0], None)
    assert cloud["colourings"][0][1]["codes"] == [0, 1]
    (certainty,) = dict(sure["values"]).values()
    assert [certainty[0], math.isnan(certainty[1])] == [0.5, True]
    (started,) = pq.read_table(out / "run_started.parquet").to_pylist()
    assert dict(started["config"])["lr"] == "0.0003"


def test_csv_is_read_by_anything(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    assert main(["export", str(recording), "--csv", str(out), "--run", "r ?"]) == 0
    with (out / "metric.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["value"] for row in rows] == ["0.1", "nan", "inf", "-inf"]
    assert float(rows[0]["time"]) == stamped()[10].time
    with (out / "log_line.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["message"] == EVERY[15].to_event()["message"]
    with (out / "point_cloud.csv").open(encoding="utf-8", newline="") as file:
        row, sure = islice(csv.DictReader(file), 2)
    assert json.loads(row["x"]) == [1.0, 2.5]
    assert json.loads(row["colourings"])["phase"]["codes"] == [0, 1]
    assert json.loads(sure["values"]) == {"certainty": [0.5, "nan"]}


def test_tensorboard_shows_the_metrics_of_each_run(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    assert main(["export", str(recording), "--tensorboard", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"a%2Fb", "%2E%2E", "r %C3%BC"}
    read = EventAccumulator(str(out / "a%2Fb"))
    read.Reload()
    scalars = read.Scalars("loss")
    assert [(each.step, each.value) for each in scalars] == [(at, at / 8) for at in range(1, 300, 2)]
    assert scalars[0].wall_time == 2_000_000_001.0
    other = EventAccumulator(str(out / "r %C3%BC"))
    other.Reload()
    assert "`0.0003`" in other.Tensors("config")[0].tensor_proto.string_val[0].decode()


@pytest.mark.parametrize(
    ("flags", "types", "count"),
    [
        (["--type", "metric,log_line"], {"metric", "log_line"}, 305),
        (["--run", "..", "--type", "metric"], {"metric"}, 150),
        (["--since", "+0", "--until", "+1h", "--type", "phase"], {"phase"}, 1),
    ],
)
def test_only_what_was_asked_for_is_exported(
    flags: list[str], types: set[str], count: int, recording: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tables"
    assert main(["export", str(recording), "--parquet", str(out), *flags]) == 0
    tables = {path.stem: pq.read_table(path).num_rows for path in out.iterdir()}
    assert set(tables) == types
    assert sum(tables.values()) == count


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--type", "nonsense", "--csv", "{new}"], "'nonsense' is no event type"),
        (["--csv", "{there}"], "is there already; expected the name of a new folder"),
        (["--csv", "{new}", "--parquet", "{new}"], "not allowed with argument"),
        (["--csv", "{new}", "--since", "+5h"], "there is nothing to export"),
        (["--csv", "{new}", "--since", "+5s", "--until", "+1s"], "--until has to be after --since"),
        ([], "one of the arguments --parquet --csv --tensorboard is required"),
    ],
)
def test_what_cannot_be_exported_is_said_and_leaves_nothing(
    flags: list[str], said: str, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    given = [flag.format(new=tmp_path / "new", there=tmp_path) for flag in flags]
    assert main(["export", str(recording), *given]) == 2
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def kept(folder: Path, tmp_path: Path) -> Iterator[str]:
    """A bus whose journal has two runs,."""
    settings = JournalSettings(tmp_path / "journal")
    with Broker(f"ipc://{folder}/b", journal=settings) as broker:
        broker.start()
        with Publisher(broker.address, run="a") as one, Publisher(broker.address, run="b") as other:
            for step in range(500):
                one.log(Metric("loss", step, math.nan if step == 7 else step / 8))
            one.publish(LogLine("told 日本"), 30.0)
            other.publish(Metric("loss", 0, 3.0), 30.0)
        yield str(broker.address)


def test_without_a_file_it_is_the_journal_of_a_broker_that_runs(kept: str, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    assert main(["export", "--bus", kept, "--parquet", str(out)]) == 0
    rows = pq.read_table(out / "metric.parquet").to_pylist()
    assert [row["step"] for row in rows] == [*range(500), 0]
    assert [row["run"] for row in rows] == [*["a"] * 500, "b"]
    assert math.isnan(rows[7]["value"])
    assert [row["value"] for row in rows[8:]] == [*(step / 8 for step in range(8, 500)), 3.0]
    assert pq.read_table(out / "log_line.parquet").to_pylist()[0]["message"] == "told 日本"
    arrived = [row["arrived"] for row in rows]
    assert arrived == sorted(arrived)


def test_of_a_journal_only_what_was_asked_for_is_exported(kept: str, tmp_path: Path) -> None:
    csv_out, runs = tmp_path / "tables", tmp_path / "runs"
    chosen = ["--bus", kept, "--type", "metric", "--run", "a"]
    assert main(["export", *chosen, "--csv", str(csv_out), "--since", "+0s"]) == 0
    with (csv_out / "metric.csv").open(encoding="utf-8", newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == list(range(500))
    assert [path.name for path in csv_out.iterdir()] == ["metric.csv"]
    assert main(["export", "--bus", kept, "--run", "b", "--tensorboard", str(runs)]) == 0
    read = EventAccumulator(str(runs / "b"))
    read.Reload()
    assert [(each.step, each.value) for each in read.Scalars("loss")] == [(0, 3.0)]


def test_a_broker_without_a_journal_has_nothing_to_export(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Broker(f"ipc://{folder}/b") as broker:
        broker.start()
        assert main(["export", "--bus", str(broker.address), "--csv", str(tmp_path / "tables")]) == 1
    assert not (tmp_path / "tables").exists()
    assert "keeps no journal" in capsys.readouterr().err


def test_a_folder_is_there_when_it_is_whole_and_not_before(tmp_path: Path) -> None:
    with appearing(tmp_path / "out") as made:
        (made / "x").touch()
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out" / "x").exists()
    with pytest.raises(UsageError, match="is there already"), appearing(tmp_path / "out"):
        pass
    with pytest.raises(KeyboardInterrupt), appearing(tmp_path / "other"):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
