"""Any size, any data: exactly the cells that were asked for, and nothing that a terminal would obey."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dashctl.phases import PHASES
from dashctl_tui.plots.bars import bar
from dashctl_tui.plots.camera import Camera
from dashctl_tui.plots.canvas import PLAIN, Ink, Row, fit, framed, to_text
from dashctl_tui.plots.cloud import Cloud, Marker
from dashctl_tui.plots.curve import Curve, CurveStyle, Mark, draw_curves
from dashctl_tui.plots.legend import Key, flow_legend
from dashctl_tui.plots.palette import cloud_palette, cluster_ink
from dashctl_tui.plots.scale import Scale
from dashctl_tui.plots.scatter import Dot, draw_scatter
from dashctl_tui.plots.sparkline import draw_sparkline
from dashctl_tui.plots.stack import Share, draw_stack
from dashctl_tui.plots.table import Column, draw_table
from dashctl_tui.plots.timeline import Window, draw_timeline

names = st.one_of(st.text(max_size=12), st.sampled_from(["lstm", "漢字漢字漢字", "\x1b[2J", "a" * 60]))
numbers = st.one_of(st.floats(), st.floats(-10, 10), st.integers(0, 5).map(float))
finite = st.floats(allow_nan=False, allow_infinity=False)
phases = st.one_of(st.none(), st.sampled_from(PHASES), names)
PALETTE = cloud_palette(cluster_ink(index) for index in range(3))
Drawing = Callable[[int, int], list[Row]]


def arrays(size: int) -> st.SearchStrategy[Any]:
    return st.lists(numbers, min_size=size, max_size=size).map(
        lambda values: np.array(values, dtype=np.float64)
    )


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    size = draw(st.integers(0, 12))
    x = np.array(draw(st.lists(finite, min_size=size, max_size=size)), dtype=np.float64)
    bounds = draw(st.sampled_from([(False, False), (True, True), (True, False)]))
    low, high = (draw(arrays(size)) if wanted else None for wanted in bounds)
    marks = draw(st.lists(st.builds(Mark, numbers, st.sampled_from(["nan", "+inf", "-inf"])), max_size=3))
    last, odd = draw(st.none() | numbers), draw(st.none() | st.integers(0, 10**9))
    y, dashed = draw(arrays(size)), draw(st.booleans())
    return Curve(draw(names), x, y, low, high, marks, last=last, not_finite=odd, dashed=dashed)


@st.composite
def clouds(draw: st.DrawFn) -> tuple[Cloud, Sequence[Marker]]:
    axes = draw(st.sampled_from([2, 3]))
    points = draw(st.lists(st.lists(finite, min_size=axes, max_size=axes), max_size=6))
    markers = st.builds(Marker, st.tuples(finite, finite, finite), names, st.just(Ink("#ff0000")))
    return Cloud(np.array(points).reshape(-1, axes)), draw(st.lists(markers, max_size=2))


cameras = st.builds(Camera, st.floats(-4, 4), st.floats(-1.5, 1.5), st.floats(0.25, 64))
inks = st.integers(0, 20).map(cluster_ink)
cells = st.one_of(names, st.tuples(names, inks))
scales = st.tuples(finite, finite).filter(lambda ends: ends[0] < ends[1]).map(lambda ends: Scale(*ends))
DRAWINGS: dict[str, st.SearchStrategy[Drawing]] = {
    "cloud": st.tuples(clouds(), cameras).map(
        lambda made: (
            lambda width, height: made[0][0].draw(made[1], width, height, PALETTE, markers=made[0][1])
        )
    ),
    "curves": st.tuples(
        st.lists(curves(), max_size=4),
        st.booleans(),
        st.sampled_from([0.0, 0.9]),
        names,
        st.none() | st.tuples(finite, finite).filter(lambda ends: ends[0] < ends[1]),
        st.none() | numbers,
        st.sampled_from(["number", "count", "seconds", "moment"]),
        st.booleans(),
    ).map(
        lambda made: (
            lambda width, height: draw_curves(
                made[0],
                width,
                height,
                CurveStyle(made[1], made[2], made[3], made[4], made[5], made[6], made[7]),
            )
        )
    ),
    "sparkline": st.tuples(st.lists(numbers, max_size=30), st.booleans()).map(
        lambda made: lambda width, height: draw_sparkline(made[0], width, height, stretch=made[1])
    ),
    "bar": st.tuples(numbers, scales, inks).map(
        lambda made: lambda width, height: fit([bar(made[0], made[1], width, made[2])], width, height)
    ),
    "stack": st.lists(st.builds(Share, names, numbers, inks, names), max_size=6).map(
        lambda made: lambda width, height: draw_stack(made, width, height)
    ),
    "timeline": st.lists(st.builds(Window, st.integers(-2, 8), phases, phases), max_size=8).map(
        lambda made: lambda width, height: draw_timeline(made, width, height)
    ),
    "scatter": st.tuples(
        st.lists(st.builds(Dot, names, numbers, numbers), max_size=6), st.booleans(), names
    ).map(
        lambda made: (
            lambda width, height: draw_scatter(
                made[0], width, height, log_x=made[1], x_label=made[2], y_label=made[2]
            )
        )
    ),
    "legend": st.lists(st.builds(Key, names, inks, names, names, names), max_size=6).map(
        lambda made: lambda width, height: fit(flow_legend(made, width, height), width, height)
    ),
    "table": st.lists(st.tuples(cells, cells), max_size=6).map(
        lambda made: (
            lambda width, height: draw_table([Column("name"), Column("漢字", "right")], made, width, height)
        )
    ),
    "frame": st.tuples(st.lists(names.map(Row.of), max_size=4), names).map(
        lambda made: lambda width, height: framed(made[0], made[1], width, height, line=PLAIN, heading=PLAIN)
    ),
}


@pytest.mark.parametrize("kind", DRAWINGS)
@settings(max_examples=40)
@given(st.data(), st.integers(1, 90), st.integers(1, 30))
def test_a_drawing_has_exactly_its_size(kind: str, data: st.DataObject, width: int, height: int) -> None:
    rows = data.draw(DRAWINGS[kind])(width, height)
    assert len(rows) == height
    for row in rows:
        assert row.width == cell_len(row.text) == width
        assert all(left[1] != right[1] for left, right in zip(row.runs, row.runs[1:], strict=False))


@pytest.mark.parametrize("kind", [kind for kind in DRAWINGS if kind != "frame"])
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 9), (3, 3), (80, 1)])
@settings(max_examples=10)
@given(data=st.data())
def test_the_smallest_sizes_are_sizes_too(kind: str, size: tuple[int, int], data: st.DataObject) -> None:
    rows = data.draw(DRAWINGS[kind])(*size)
    assert [row.width for row in rows] == [size[0]] * size[1]


@pytest.mark.parametrize("kind", [kind for kind in DRAWINGS if kind != "frame"])
@settings(max_examples=10)
@given(data=st.data())
def test_no_control_character_comes_through(kind: str, data: st.DataObject) -> None:
    text = to_text(data.draw(DRAWINGS[kind])(70, 12))
    assert not any(
        ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in text.replace("\n", "")
    )
