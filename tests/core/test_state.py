"""The state is a fold: deterministic, bounded by retention, the same after a journey as bytes."""

import math
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashctl.events import (
    BusStats,
    Embedding,
    Event,
    Gpu,
    HostStats,
    LogLine,
    Metric,
    ModelMetric,
    PhaseEvent,
    PointCloud,
    Prediction,
    Progress,
    Stamped,
)
from dashctl.metric_columns import MetricColumns
from dashctl.retention import Last, Latest, Series, Trace, Transient
from dashctl.state import BadSnapshot, State, fold, fold_all
from dashctl.stores import LastStore, LatestStore, SeriesStore, store_for
from dashctl.trace import TraceStore
from dashctl.wire import encode_frame, open_frame


def folded(*events: Event, run: str = "") -> State:
    state = State()
    for number, event in enumerate(events):
        fold(state, event, 1000.0 + number, run)
    return state


def test_latest_keeps_the_newest_per_key() -> None:
    models = folded(ModelMetric("a", 0.1), ModelMetric("b", 0.2), ModelMetric("a", 0.3)).latest(ModelMetric)
    assert {key: item.event.accuracy for key, item in models.items()} == {("a",): 0.3, ("b",): 0.2}
    assert list(models) == [("b",), ("a",)]


def test_latest_per_run_keeps_runs_apart() -> None:
    state = State()
    fold(state, Progress("epoch", 1.0), 1.0, "one")
    fold(state, Progress("epoch", 2.0), 2.0, "two")
    assert set(state.latest(Progress)) == {("one", "epoch"), ("two", "epoch")}


def test_a_prediction_and_its_truth_may_come_apart() -> None:
    state = folded(Prediction("e", 0, actual="armed"), Prediction("e", 0, predicted="clean"))
    assert state.latest(Prediction)["", "e", 0, None].event == Prediction("e", 0, "clean", "armed")


def test_runs_that_test_on_the_same_window_are_kept_apart() -> None:
    state = State()
    fold(state, Prediction("e", 0, "clean", "armed", "knn"), 1.0, "one")
    fold(state, Prediction("e", 0, "armed", "armed", "knn"), 2.0, "two")
    assert {key[0]: item.event.predicted for key, item in state.latest(Prediction).items()} == {
        "one": "clean",
        "two": "armed",
    }


def test_a_clock_that_ran_ahead_hides_nobody_elses_phases() -> None:
    state = State()
    fold(state, PhaseEvent("clean"), 4600.0)
    for _ in range(10):
        fold(state, PhaseEvent("armed"), 1000.0)
    assert state.counts(PhaseEvent, 1000.0) == {("clean",): 1, ("armed",): 10}


def test_a_window_is_bounded_whatever_the_clocks_say() -> None:
    state = State()
    for second in range(5_000):
        fold(state, PhaseEvent("clean"), float(second))
    assert sum(state.counts(PhaseEvent, 300.0).values()) == 600


def test_the_window_closes_behind_event_time() -> None:
    state = State()
    fold(state, PhaseEvent("clean"), 1000.5)
    fold(state, PhaseEvent("armed"), 1299.0)
    assert state.counts(PhaseEvent, 1299.0) == {("clean",): 1, ("armed",): 1}
    fold(state, PhaseEvent("armed"), 1300.2)
    assert state.counts(PhaseEvent, 1300.2) == {("armed",): 2}
    fold(state, PhaseEvent("dormant"), 900.0)
    assert state.counts(PhaseEvent, 1300.2) == {("armed",): 2}
    assert state.counts(PhaseEvent, 2000.0) == {}


def test_a_curve_is_kept_per_run_and_name() -> None:
    state = folded(Metric("loss", 1, 0.5), Metric("loss", 2, math.nan), run="r")
    assert state.series(Metric) == [("r", "loss")]
    curve = state.curve(Metric, ("r", "loss"))
    assert curve is not None
    assert (curve.total, curve.marks) == (2, b"\x00\x01")
    assert state.curve(Metric, ("r", "nothing")) is None


def test_a_curve_is_looked_at_without_a_copy_before_and_after_it_was_encoded() -> None:
    state = State()
    for step, value in enumerate([0.5, math.nan, 0.25]):
        fold(state, Metric("loss", step, value), 100.0 + step, "r")
    for each in (state, State.decode(state.encode())):
        views = each.curve_views(Metric, ("r", "loss"))
        assert views is not None
        assert (views.total, views.last) == (3, 0.25)
        assert views.times.cast("B").cast("d").tolist() == [100.0, 101.0, 102.0]
        assert each.curve_views(Metric, ("r", "nothing")) is None
        del views
        fold(each, Metric("loss", 3, 0.125), 103.0, "r")


def test_last_keeps_so_many() -> None:
    state = folded(*(LogLine(str(number)) for number in range(10_005)))
    lines = state.last(LogLine)[()]
    assert len(lines) == 10_000
    assert lines[-1].event.message == "10004"


def test_long_lines_push_out_more_than_one_each() -> None:
    retention = Last(10, characters=150)
    store = LastStore(retention)
    for number in range(8):
        store.fold(LogLine(f"{number}" * 10), float(number), "run")
    again = store.copy()
    for one in (store, again):
        one.fold(LogLine("x" * 60), 8.0, "run")
    read = LastStore(retention)
    read.load(msgspec.Raw(msgspec.msgpack.encode(store.dump())))
    for one in (store, again, read):
        one.fold(LogLine("y" * 20), 9.0, "run")
        assert sum(len(item.event.message) for item in one.items[()]) <= 150
        assert [item.time for item in one.items[()]] == [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    store.fold(LogLine("z" * 500), 10.0, "run")
    assert [item.time for item in store.items[()]] == [10.0]


def test_what_is_large_is_kept_of_the_newest_alone() -> None:
    state = State()
    fold(state, BusStats(1.0, rate=5.0, rejected={"version": 1}, services=("trainer",)), 1.0)
    fold(state, BusStats(1.0, rate=6.0, rejected={"version": 2}, services=("trainer",)), 2.0)
    first, second = (item.event for item in state.last(BusStats)[()])
    assert (first.rate, first.rejected, first.services) == (5.0, {}, ())
    assert (second.rate, second.rejected, second.services) == (6.0, {"version": 2}, ("trainer",))
    newest = state.newest(BusStats)
    assert newest is not None
    assert newest.event is second
    assert State().newest(BusStats) is None


def test_hosts_are_kept_apart() -> None:
    state = folded(HostStats("a", cpu=1.0), HostStats("b"), HostStats("a", cpu=2.0))
    assert {key: item.event.cpu for key, item in state.latest(HostStats).items()} == {
        ("b",): None,
        ("a",): 2.0,
    }
    traced = state.trace(HostStats, ("a",))
    assert traced is not None
    assert traced.values["cpu"].tolist() == [1.0, 2.0]
    assert state.trace(HostStats, ("c",)) is None


def test_a_trace_has_a_number_for_each_moment_and_nan_where_none_was_told() -> None:
    state = State()
    fold(state, HostStats("a", cpu=1.0), 1.0)
    fold(state, HostStats("a", load=2.0, gpus=(Gpu("g"), Gpu("h", power=70.0))), 2.0)
    traced = state.trace(HostStats, ("a",))
    assert traced is not None
    assert traced.times.tolist() == [1.0, 2.0]
    shown = {name: [str(value) for value in column] for name, column in traced.values.items()}
    assert shown == {"cpu": ["1.0", "nan"], "load": ["nan", "2.0"], "gpus.1.power": ["nan", "70.0"]}


def test_a_trace_forgets_its_oldest_moments_and_the_key_that_was_silent_longest() -> None:
    store = TraceStore(Trace(3, ("host",), ("cpu",), keys=2), lambda event, run: (event.host,))  # type: ignore[attr-defined]
    for number in range(20):
        store.fold(HostStats("a", cpu=float(number)), float(number), "")
    traced = store.traced(("a",))
    assert traced is not None
    assert (traced.times.tolist(), traced.values["cpu"].tolist()) == ([17.0, 18.0, 19.0],) * 2
    for host in "bc":
        store.fold(HostStats(host), 30.0, "")
    assert list(store.items) == [("b",), ("c",)]


def test_columns_of_different_lengths_are_no_trace() -> None:
    store = TraceStore(Trace(3, ("host",), ("cpu",)), lambda event, run: (event.host,))  # type: ignore[attr-defined]
    newest = Stamped(1.0, "", HostStats("a"))
    broken = msgspec.msgpack.encode((1, [(newest, bytes(16), {"cpu": bytes(8)})]))
    with pytest.raises(ValueError, match="cpu: 1 numbers for 2 moments"):
        store.load(msgspec.Raw(broken))


def test_the_key_that_was_silent_longest_goes_first() -> None:
    store = LatestStore(Latest(("model",), keys=2))
    for name in ("a", "b", "a", "c"):
        store.fold(ModelMetric(name, 0.5), 1.0, "")
    assert set(store.items) == {("a",), ("c",)}


def test_a_transient_is_counted_and_forgotten() -> None:
    store = store_for(Transient())
    store.fold(LogLine("x"), 1.0, "")
    assert store.version == 1
    again = store_for(Transient())
    again.load(msgspec.Raw(msgspec.msgpack.encode(store.dump())))
    assert again.version == 1


def test_a_version_tells_what_changed() -> None:
    state = folded(ModelMetric("a", 0.5))
    before = state.version(ModelMetric), state.version(Metric)
    fold(state, Metric("loss", 0, 1.0), 1.0)
    assert (state.version(ModelMetric), state.version(Metric)) == (before[0], before[1] + 1)


def test_asking_a_type_for_what_it_does_not_keep_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="ModelMetric keeps Latest"):
        State().last(ModelMetric)


EVENTS = st.one_of(
    st.builds(Metric, st.sampled_from(["a", "b"]), st.integers(0, 100), st.floats()),
    st.builds(ModelMetric, st.sampled_from(["a", "b", "c"]), st.floats(0, 1)),
    st.builds(PhaseEvent, st.sampled_from(["clean", "armed"])),
    st.builds(LogLine, st.text(max_size=5)),
    st.builds(
        HostStats,
        st.sampled_from(["h", "i"]),
        st.none() | st.floats(0, 100),
        gpus=st.none() | st.lists(st.builds(Gpu, st.just("g"), st.floats(0, 100)), max_size=2).map(tuple),
    ),
    st.builds(Prediction, st.sampled_from(["e", "f"]), st.integers(-1, 6), st.none() | st.just("armed")),
    st.builds(Embedding, st.floats(0, 1), st.floats(0, 1)),
    st.builds(BusStats, st.floats(0, 1), services=st.sampled_from([(), ("trainer",)])),
    st.builds(lambda x: PointCloud.pack("p", [x], [2.0], [3.0], phase=["clean"]), st.floats(0, 1, width=32)),
)
STAMPED = st.builds(Stamped, st.floats(0, 2_000), st.sampled_from(["", "r"]), EVENTS)


@given(st.lists(STAMPED, max_size=60), st.sets(st.integers(0, 60)))
def test_a_state_that_travelled_goes_on_as_the_first(
    stamped: Sequence[Stamped[Event]], travels: set[int]
) -> None:
    stayed, travelled = State(), State()
    for number, item in enumerate(stamped):
        fold_all(stayed, [item])
        fold(travelled, item.event, item.time, item.run)
        if number in travels:
            travelled = State.decode(travelled.encode())
    assert travelled.encode() == stayed.encode()


@given(st.lists(STAMPED, max_size=60), st.integers(0, 60))
def test_what_was_put_off_travels_too(stamped: Sequence[Stamped[Event]], place: int) -> None:
    stayed, state = State(), State()
    fold_all(stayed, stamped)
    fold_all(state, stamped[:place])
    travelled = State.decode(state.encode(settled=False))
    fold_all(travelled, stamped[place:])
    fold_all(state, stamped[place:])
    assert travelled.encode() == state.encode() == stayed.encode()


@given(st.lists(STAMPED, max_size=60))
def test_many_at_once_fold_as_one_by_one(stamped: Sequence[Stamped[Event]]) -> None:
    one_by_one, together = State(), State()
    for item in 4 * stamped:
        fold(one_by_one, item.event, item.time, item.run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashctl.state.WORTH_COLUMNS", 3)
        fold_all(together, 4 * stamped)
    assert together.encode() == one_by_one.encode()


@given(st.lists(STAMPED, max_size=60), st.sampled_from(["", "r"]))
def test_a_frame_folds_as_its_events_one_by_one(stamped: Sequence[Stamped[Event]], run: str) -> None:
    """Whatever is a column in it, and whatever is not."""
    one_by_one, together = State(), State()
    stamped = [Stamped(each.time, run, each.event) for each in stamped if type(each.event) is not BusStats]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashctl.wire.FEWEST_METRICS", 1)
        for batch in filter(None, (stamped, stamped[::-1], stamped)):
            frame = encode_frame(
                b"producer", 0, run, [item.time for item in batch], [item.event for item in batch]
            )
            opened = open_frame(frame).events
            assert msgspec.msgpack.encode(list(opened)) == msgspec.msgpack.encode(batch)
            fold_all(together, opened)
            for item in batch:
                fold(one_by_one, item.event, item.time, run)
    assert together.encode() == one_by_one.encode()


@given(st.lists(STAMPED, max_size=60), st.sets(st.integers(0, 60)))
def test_a_copy_goes_on_as_the_first_and_leaves_it_alone(
    stamped: Sequence[Stamped[Event]], copies: set[int]
) -> None:
    state, plain = State(), State()
    for number, item in enumerate(stamped):
        if number in copies:
            former, before = state, state.encode()
            state = former.copy()
            fold_all(former.copy(), stamped)
            assert former.encode() == before
        fold_all(state, [item])
    fold_all(plain, stamped)
    assert state.encode() == plain.encode()


@given(st.binary(max_size=40))
def test_a_snapshot_that_is_none_is_refused(junk: bytes) -> None:
    try:
        State.decode(junk)
    except BadSnapshot as refusal:
        assert "cannot be read" in str(refusal)


SAMPLES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 100),
        st.floats(0, 2_000),
        st.one_of(
            st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, 0.0, -0.0])
        ),
    ),
    max_size=80,
)


def columns(run: str, samples: Sequence[tuple[str, int, float, float]]) -> MetricColumns:
    metrics = [Metric(name, step, value) for name, step, _, value in samples]
    return MetricColumns.from_events(run, [time for _, _, time, _ in samples], metrics)


@given(
    SAMPLES,
    st.lists(st.integers(0, 80), max_size=8),
    st.integers(1, 9),
    st.integers(1, 30),
    st.integers(1, 3),
)
def test_columns_fold_as_their_events_do_however_they_are_cut(
    samples: Sequence[tuple[str, int, float, float]],
    cuts: Sequence[int],
    points: int,
    waiting: int,
    keys: int,
) -> None:
    """Byte for byte, with NaN, infinities, sums that overflow, few buckets, and keys that are pushed out."""
    one_by_one, together = (SeriesStore(Series(points, ("run", "name"), keys=keys)) for _ in range(2))
    for name, step, time, value in samples:
        one_by_one.fold(Metric(name, step, value), time, "r")
        one_by_one.settle(1)
    ends = sorted({*cuts, len(samples)})
    for begin, end in zip([0, *ends], ends, strict=False):
        together.fold_columns(columns("r", samples[begin:end]))
        together.settle(waiting)
    assert dumped(together) == dumped(one_by_one)


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4),
    st.integers(0, 60),
    st.integers(0, 9),
)
def test_what_one_loop_logs_again_and_again_folds_as_its_events_do(
    loop: Sequence[str], count: int, begin: int
) -> None:
    samples = [(loop[(begin + step) % len(loop)], step, float(step), step / 7) for step in range(count)]
    one_by_one, together = (SeriesStore(Series(8, ("run", "name"))) for _ in range(2))
    for name, step, time, value in samples:
        one_by_one.fold(Metric(name, step, value), time, "r")
        one_by_one.settle(1)
    for start in range(0, count, 7):
        together.fold_columns(columns("r", samples[start : start + 7]))
    assert dumped(together) == dumped(one_by_one)


def dumped(store: SeriesStore) -> bytes:
    return msgspec.msgpack.encode(store.dump())


def test_columns_and_events_reach_the_same_curves() -> None:
    state = State()
    fold(state, Metric("loss", 1, 0.5), 5.0, "r")
    fold_all(state, columns("r", [("loss", 2, 7.0, 0.25), ("lr", 2, 6.0, 0.1)]))
    assert state.series(Metric) == [("r", "loss"), ("r", "lr")]
    curve = state.curve(Metric, ("r", "loss"))
    assert curve is not None
    assert (curve.total, curve.last, state.time, state.version(Metric)) == (2, 0.25, 7.0, 3)


def test_many_samples_wait_no_longer_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashctl.stores.WAITING", 3)
    store = SeriesStore(Series(8, ("run", "name")))
    for step in range(7):
        store.fold(Metric("loss", step, 0.5), 1.0, "r")
    assert store.version == 7
    assert store._curves["r", "loss"].total == 6
    curve = store.curve(("r", "loss"))
    assert curve is not None
    assert curve.total == 7
