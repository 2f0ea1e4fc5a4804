"""One alert in full, and the curve that it is about.

Rule: a line stands where the alert began; nearer to it, the curve is shown around that moment.
"""

from math import inf, isfinite
from typing import Final

import numpy as np

from dashctl.alerts.standing import Standing
from dashctl_tui.plots.canvas import Ink, Row, fit
from dashctl_tui.plots.curve import CurveStyle, draw_curves
from dashctl_tui.plots.numbers import compact
from dashctl_tui.plots.palette import ACCENT, GOOD, HEADING, MUTED, TEXT
from dashctl_tui.plots.series import Curve
from dashctl_tui.plots.text import fill
from dashctl_tui.scenes.alerts.view import Alerts, AlertsLook, Detail, inks_of, mark_of
from dashctl_tui.scenes.firing import SEVERITY_INKS
from dashctl_tui.scenes.layout import PANEL_COLUMNS, PANEL_ROWS, panel
from dashctl_tui.scenes.moments import age, duration, when
from dashctl_tui.scenes.prose import paragraph
from dashctl_tui.scenes.scene import Picture, Viewport
from dashctl_tui.scenes.training.curves import curve_of

_LABEL: Final = 10


def draw_detail(view: Alerts, detail: Detail, viewport: Viewport[AlertsLook]) -> Picture:
    width, height = viewport.width, viewport.height
    one = detail.alert
    facts = _facts(view, one, viewport.now, max(1, width - PANEL_COLUMNS))
    curve = _curve(detail)
    least = 8 if curve is not None else 0
    rows = min(len(facts) + PANEL_ROWS, max(PANEL_ROWS + 1, height - least))
    scrollable = max(0, len(facts) + PANEL_ROWS - rows)
    first = min(viewport.look.scroll, scrollable)
    heading = SEVERITY_INKS[one.alert.severity] if one.fires else HEADING
    drawn = panel(
        one.alert.name,
        lambda w, h: facts[first : first + h],
        width,
        rows if curve is not None else height,
        heading=heading,
        note=f"{view.cursor + 1} of {len(view.alerts)}",
    )
    if curve is not None:
        drawn += _chart(detail, curve, viewport, height - len(drawn))
    return Picture(fit(drawn, width, height), scrollable)


def _facts(view: Alerts, one: Standing, now: float, width: int) -> list[Row]:
    alert = one.alert
    rows = _fact("severity", mark_of(one), width, inks_of(one)[0])
    lasted = duration((now if one.ended is None else one.ended) - one.since)
    rows += _fact("since", f"{when(one.since, now)}, {age(one.since, now)}, for {lasted}", width)
    if one.ended is not None:
        ending = "" if one.ending is None else one.ending.message.removeprefix("over: ")
        rows += _fact("over", f"{when(one.ended, now)}{', ' if ending else ''}{ending}", width, GOOD)
    if one.seen is not None:
        rows += _fact("seen", f"{when(one.seen.time, now)} by {one.seen.event.by or 'somebody'}", width)
    name = view.names[one.run]
    run = f"{name} ({one.run})" if name != one.run else one.run
    facts = (("run", run), ("metric", alert.metric), ("rule", alert.rule), ("message", alert.message))
    value = None if alert.value is None else compact(alert.value, 6)
    for label, text in (*facts, ("value", value)):
        if text:
            rows += _fact(label, text, width)
    return rows


def _fact(label: str, text: str, width: int, ink: Ink = TEXT) -> list[Row]:
    words = paragraph(text.replace("`", "'")[:2_000], max(1, width - _LABEL), ink)
    return [
        Row.of((fill("" if number else label, min(_LABEL, width)), MUTED)) + line
        for number, line in enumerate(words)
    ]


def _curve(detail: Detail) -> Curve | None:
    metric = detail.alert.alert.metric or ""
    if detail.columns is not None:
        return curve_of(metric, detail.columns, ACCENT)
    if detail.traced is not None and detail.number in detail.traced.values:
        times, values = detail.traced.times, detail.traced.values[detail.number]
        return Curve(metric, np.array(times), np.array(values), ink=ACCENT)
    return None


def _chart(detail: Detail, curve: Curve, viewport: Viewport[AlertsLook], rows: int) -> list[Row]:
    at = _moment(detail)
    style = CurveStyle(
        x_label="step" if detail.columns is not None else "",
        x_unit="count" if detail.columns is not None else "moment",
        crosshair=at,
        window=_around(curve, at, viewport.look.zoom),
    )
    words = (
        ""
        if at is None
        else f"the line is where it began{'' if detail.columns is None else f', step {at:.0f}'}"
    )
    return panel("Curve", lambda w, h: draw_curves([curve], w, h, style), viewport.width, rows, note=words)


def _moment(detail: Detail) -> float | None:
    """Where on the x axis it began; None where that is before all that is remembered."""
    since = detail.alert.since
    if detail.columns is None:
        times = [] if detail.traced is None else detail.traced.times.tolist()
        return since if times and times[0] <= since <= times[-1] else None
    times_of = np.frombuffer(detail.columns.times)
    steps = np.frombuffer(detail.columns.steps, dtype=np.int64)
    before = np.flatnonzero(times_of <= since)
    return float(steps[before[-1]]) if before.size else None


def _around(curve: Curve, at: float | None, zoom: int) -> tuple[float, float] | None:
    finite = curve.x[np.isfinite(curve.x)]
    if at is None or not zoom or not finite.size:
        return None
    half = float(finite.max() - finite.min()) / 2**zoom / 2
    return (at - half, at + half) if isfinite(half) and 0 < half < inf else None
