"""The episode store: what goes in comes out, and what is wrong is named."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.detector.episodes import (
    LABELS,
    META,
    TELEMETRY,
    Meta,
    NotWritten,
    episode_folders,
    read_episode,
    read_episodes,
    write_episode,
)
from dashctl.detector.profiles import Boundary
from dashctl.detector.totals import count
from dashctl.errors import InvalidData
from tests.core.detector.recordings import episode


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = episode()
    read = read_episode(write_episode(tmp_path, made))
    assert read.meta == made.meta
    assert read.labels == made.labels
    np.testing.assert_array_equal(read.t, made.t)
    np.testing.assert_array_equal(read.telemetry, made.telemetry)
    assert read.telemetry.dtype == np.float32


def test_the_phase_at_a_moment_is_that_of_the_last_boundary() -> None:
    codes = episode().phase_codes_at(np.array([0.0, 11.9, 12.0, 59.0]))
    assert codes.tolist() == [0, 0, 1, 1]


def test_all_episodes_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_episode(tmp_path, episode(name=name, seconds=2.0, labels=(Boundary(0.0, "clean"),)))
    episodes, wrong = read_episodes(tmp_path)
    assert [(path.name, read.meta.episode) for path, read in episodes.items()] == [("a", "a"), ("b", "b")]
    assert wrong == ()


def test_a_bad_episode_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_episode(tmp_path, episode(name=name))
    truncate(tmp_path / "b")
    episodes, (wrong,) = read_episodes(tmp_path)
    assert [path.name for path in episodes] == ["a", "c"]
    assert str(tmp_path / "b" / TELEMETRY) in str(wrong)


def test_a_copy_is_no_second_episode(tmp_path: Path) -> None:
    original = write_episode(tmp_path, episode(name="a"))
    shutil.copytree(original, tmp_path / "b")
    meta = json.loads((tmp_path / "b" / META).read_text())
    (tmp_path / "b" / META).write_text(json.dumps(meta | {"episode": "b"}))
    episodes, (wrong,) = read_episodes(tmp_path)
    assert list(episodes) == [original]
    assert f"b: a copy of {original}" in str(wrong)


def test_none_but_bad_episodes_are_an_error_that_names_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        truncate(write_episode(tmp_path, episode(name=name)))
    with pytest.raises(InvalidData, match=f"none of 2 episodes.*a/{TELEMETRY}"):
        read_episodes(tmp_path)


def test_a_name_is_written_once(tmp_path: Path) -> None:
    write_episode(tmp_path, episode())
    with pytest.raises(InvalidData, match="already"):
        write_episode(tmp_path, episode(seed=2))


def test_an_unsound_episode_is_not_written_and_leaves_nothing(tmp_path: Path) -> None:
    made = episode()
    made.telemetry[3, 4] = np.nan
    with pytest.raises(InvalidData, match="row 3"):
        write_episode(tmp_path, made)
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritten, match="file"):
        write_episode(tmp_path / "file", episode())


def test_a_half_written_episode_is_not_seen(tmp_path: Path) -> None:
    folder = write_episode(tmp_path, episode())
    folder.rename(tmp_path / ".box-disk-churn-00.4711")
    (tmp_path / "no-meta-yet").mkdir()
    assert episode_folders(tmp_path) == ()
    with pytest.raises(InvalidData, match="no episode"):
        read_episodes(tmp_path)


def rewrite_meta(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        fields = json.loads((folder / META).read_text())
        (folder / META).write_text(json.dumps({**fields, **changes}))

    return change


def labels(*lines: str) -> Callable[[Path], None]:
    return lambda folder: (folder / LABELS).write_text("\n".join(lines)) and None


def table(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        pq.write_table(change(pq.read_table(folder / TELEMETRY)), folder / TELEMETRY)

    return rewrite


def with_t(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return table(lambda rows: rows.set_column(0, "t", pa.array(change(rows["t"].to_numpy().copy()))))


def truncate(folder: Path) -> None:
    whole = (folder / TELEMETRY).read_bytes()
    (folder / TELEMETRY).write_bytes(whole[: len(whole) // 2])


def replace_by_folder(folder: Path) -> None:
    (folder / LABELS).unlink()
    (folder / LABELS).mkdir()


def strings(rows: pa.Table) -> pa.Table:
    return rows.set_column(1, rows.column_names[1], pa.array(["x"] * len(rows)))


def infinite(rows: pa.Table) -> pa.Table:
    return with_forks(rows, np.inf)


def huge(rows: pa.Table) -> pa.Table:
    return with_forks(rows, 1e300)


def with_forks(rows: pa.Table, value: float) -> pa.Table:
    column = rows["forks"].to_numpy().astype(np.float64)
    column[7] = value
    return rows.set_column(rows.column_names.index("forks"), "forks", pa.array(column))


GOOD = '{"t": 0, "phase": "clean"}'

WRONG = {
    "no meta": (lambda f: (f / META).unlink(), META, "no such file"),
    "meta is no JSON": (lambda f: (f / META).write_text("{"), META, "not JSON"),
    "meta is a list": (lambda f: (f / META).write_text("[]"), META, "JSON object"),
    "meta is not UTF-8": (lambda f: (f / META).write_bytes(b"\xff"), META, "UTF-8"),
    "another version": (rewrite_meta(version=2), META, "version is 2"),
    "no host": (rewrite_meta(host=None), META, "host is None"),
    "version is true": (rewrite_meta(version=True), META, "version is True"),
    "no name": (rewrite_meta(episode=""), META, "episode is ''"),
    "a host of two lines": (rewrite_meta(host="a\nb"), META, "host is 'a\\nb'"),
    "half a surrogate pair": (rewrite_meta(profile="\ud800"), META, "profile is"),
    "a text without end": (rewrite_meta(started="9" * 201), META, "1 to 200"),
    "seed is a fraction": (rewrite_meta(seed=0.5), META, "seed is 0.5, it has to be a whole number"),
    "columns no list": (rewrite_meta(columns="t"), META, "columns is 't'"),
    "no columns": (rewrite_meta(columns=[]), META, "columns is [], it has to be a list"),
    "columns are numbers": (rewrite_meta(columns=[1, 2]), META, "columns is [1, 2], it has to be a list"),
    "columns are lists": (rewrite_meta(columns=[[1]]), META, "columns is [[1]], it has to be a list"),
    "a column twice": (rewrite_meta(columns=["forks", "forks"]), META, "different names"),
    "the column of times": (rewrite_meta(columns=["t"]), META, "none of them t"),
    "a column without a name": (rewrite_meta(columns=["forks", ""]), META, "columns is"),
    "a number of 5000 digits": (
        lambda f: (f / META).write_text('{"version": ' + "1" * 5000 + "}"),
        META,
        "too many digits",
    ),
    "meta nested without end": (lambda f: (f / META).write_text("[" * 100_000), META, "nested too deeply"),
    "longer than a day": (
        rewrite_meta(seconds=86_401),
        META,
        "seconds is 86401, it has",
    ),
    "rate of nothing": (rewrite_meta(rate=0), META, "rate is 0"),
    "a rate without end": (rewrite_meta(rate=10**400), META, "rate is 1000"),
    "endless": (rewrite_meta(seconds=float("inf")), META, "seconds is inf"),
    "no telemetry": (lambda f: (f / TELEMETRY).unlink(), TELEMETRY, "no such file"),
    "truncated telemetry": (truncate, TELEMETRY, "not a whole Parquet file"),
    "telemetry is text": (lambda f: (f / TELEMETRY).write_text("t"), TELEMETRY, "not a whole Parquet"),
    "a column is missing": (table(lambda t: t.drop_columns(["forks"])), TELEMETRY, "forks"),
    "columns in another order": (
        table(lambda t: t.select([*t.column_names[:-2], t.column_names[-1], t.column_names[-2]])),
        TELEMETRY,
        "order",
    ),
    "a column of text": (table(strings), TELEMETRY, "string"),
    "a value that float32 cannot hold": (table(huge), TELEMETRY, "column forks, row 7 is inf"),
    "a value is infinite": (table(infinite), TELEMETRY, "column forks, row 7 is inf"),
    "no rows": (table(lambda t: t.slice(0, 0)), TELEMETRY, "no rows"),
    "time runs back": (with_t(lambda t: np.r_[t[0], t[2], t[1], t[3:]]), TELEMETRY, "row 2"),
    "time before the start": (with_t(lambda t: t - 1), TELEMETRY, "outside"),
    "time after the end": (with_t(lambda t: t + 9), TELEMETRY, "outside"),
    "no labels file": (lambda f: (f / LABELS).unlink(), LABELS, "no such file"),
    "no labels": (labels(""), LABELS, "no labels"),
    "a label is no JSON": (labels(GOOD, "t=5"), f"{LABELS}, line 2", "not JSON"),
    "unknown phase": (labels('{"t": 0, "phase": "asleep"}'), f"{LABELS}, line 1", "'asleep'"),
    "no phase": (labels('{"t": 0}'), f"{LABELS}, line 1", "phase is None"),
    "time is text": (labels('{"t": "0", "phase": "clean"}'), f"{LABELS}, line 1", "t is '0'"),
    "time without end": (labels(f'{{"t": {10**400}, "phase": "clean"}}'), f"{LABELS}, line 1", "t is 1000"),
    "nested without end": (labels("[" * 100_000), f"{LABELS}, line 1", "not JSON"),
    "labels are a folder": (
        lambda f: ((f / LABELS).unlink(), (f / LABELS).mkdir()),
        LABELS,
        "cannot be read",
    ),
    "late first label": (labels('{"t": 1, "phase": "clean"}'), f"{LABELS}, line 1", "has to be 0"),
    "labels out of order": (
        labels(GOOD, '{"t": 9, "phase": "armed"}', '{"t": 8, "phase": "clean"}'),
        f"{LABELS}, line 3",
        "not after the 9.0",
    ),
    "a label outside": (labels(GOOD, '{"t": 60, "phase": "armed"}'), f"{LABELS}, line 2", "outside"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_its_place(case: str, tmp_path: Path) -> None:
    break_it, place, reason = WRONG[case]
    folder = write_episode(tmp_path, episode())
    break_it(folder)
    with pytest.raises(InvalidData) as caught:
        read_episode(folder)
    message = str(caught.value)
    assert place in message
    assert reason in message
    assert "\n" not in message
    assert len(message) < len(str(folder)) + 300
    totals, wrong = count(tmp_path)
    assert totals.episodes == 0
    assert [str(error) for error in wrong] == ([message] if (folder / META).exists() else [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
SHORT = episode(seconds=2.0, labels=(Boundary(0.0, "clean"),))


@pytest.fixture(scope="module")
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_episode(tmp_path_factory.mktemp("short"), SHORT)


@given(changes=st.dictionaries(st.sampled_from(list(Meta.__dataclass_fields__)), JSON) | JSON)
def test_whatever_json_meta_is_it_is_an_episode_or_named(changes: object, short_folder: Path) -> None:
    sound = {name: getattr(SHORT.meta, name) for name in Meta.__dataclass_fields__}
    meta = {**sound, **changes} if isinstance(changes, dict) else changes
    (short_folder / META).write_text(json.dumps(meta))
    try:
        read = read_episode(short_folder)
    except InvalidData as error:
        assert str(error).startswith(str(short_folder))
        assert str(error).isprintable()
    else:
        told = {name: meta[name] for name in Meta.__dataclass_fields__}
        assert read.meta == Meta(**{**told, "columns": tuple(meta["columns"])})


def test_only_times_and_labels_of_the_episode_pass(tmp_path: Path) -> None:
    late = episode(labels=(Boundary(0.0, "clean"), Boundary(61.0, "armed")))
    with pytest.raises(InvalidData, match="outside"):
        write_episode(tmp_path, late)
    assert write_episode(tmp_path, replace(late, labels=late.labels[:1])).is_dir()
