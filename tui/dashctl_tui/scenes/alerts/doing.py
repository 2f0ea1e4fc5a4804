"""What keys and the mouse do with alerts.

Rules: what a person has seen is an event, so that every monitor knows it; an alert is known by run and name.
"""

import getpass
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from dashctl.alerts.standing import Standing
from dashctl.events import AlertAcknowledged
from dashctl_tui.plots.text import clip
from dashctl_tui.scenes.acts import WHEEL_ROWS, Act, At, Gesture, Publish, Say, SceneAction, Taken
from dashctl_tui.scenes.alerts.lists import AROUND, heights_of, window_of
from dashctl_tui.scenes.alerts.view import LONGEST, Alerts, AlertsLook

_MOST_ZOOM: Final = 6


@cache
def _person() -> str:
    """Who sits here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _place(at: At[Alerts, AlertsLook]) -> int:
    """Where the cursor is by now: keys come faster than pictures."""
    return 0 if at.view is None else at.view.place(at.look.cursor)


def _under(at: At[Alerts, AlertsLook]) -> Standing | None:
    """The alert under the cursor."""
    return None if at.view is None else at.view.alerts[_place(at)]


def _to(step: int) -> Any:
    """The cursor so many alerts further down."""

    def act(at: At[Alerts, AlertsLook]) -> AlertsLook:
        if at.view is None:
            return at.look
        place = max(0, min(len(at.view.alerts) - 1, _place(at) + step))
        return replace(at.look, cursor=at.view.alerts[place].key, scroll=0)

    return act


def _page(sign: int) -> Any:
    def act(at: At[Alerts, AlertsLook]) -> Any:
        return _to(sign * max(1, at.viewport.height // 2))(at)

    return act


def _zoomed(by: int) -> Any:
    def act(at: At[Alerts, AlertsLook]) -> AlertsLook:
        return replace(at.look, zoom=max(0, min(_MOST_ZOOM, at.look.zoom + by)))

    return act


def _open(at: At[Alerts, AlertsLook]) -> AlertsLook:
    one = _under(at)
    return at.look if one is None else replace(at.look, cursor=one.key, opened=True, scroll=0)


def _close(at: At[Alerts, AlertsLook]) -> AlertsLook:
    return replace(at.look, opened=False, scroll=0)


def _acknowledge(at: At[Alerts, AlertsLook]) -> Any:
    """The cursor goes on to the next one, as this one steps back."""
    view, one = at.view, _under(at)
    if view is None or one is None or not one.fires:
        return Taken(effects=(Say("this alert is over: there is nothing to acknowledge"),))
    if one.seen is not None:
        return Taken(effects=(Say(f"{clip(one.alert.name, LONGEST)} was acknowledged already"),))
    after = view.alerts[min(_place(at) + 1, len(view.alerts) - 1)]
    cursor = after.key if after.wants_eyes and not at.look.opened else one.key
    seen = Publish(AlertAcknowledged(one.alert.name, _person()), one.run)
    return Taken(replace(at.look, cursor=cursor), effects=(seen,))


def _withdraw(at: At[Alerts, AlertsLook]) -> Any:
    one = _under(at)
    if one is None or one.seen is None:
        return Taken(effects=(Say("nobody has acknowledged this alert"),))
    return Taken(effects=(Publish(AlertAcknowledged(one.alert.name, _person(), withdrawn=True), one.run),))


def mouse(at: At[Alerts, AlertsLook], gesture: Gesture) -> Any:
    """The wheel moves the cursor; a click puts it where it is, and a click on it opens."""
    if gesture.kind == "wheel":
        return _to(gesture.steps * WHEEL_ROWS)(at)
    if gesture.kind != "release" or gesture.moved or at.view is None or at.view.detail is not None:
        return at.look
    place = _place_at(at.view, at.viewport.height, gesture.row)
    if place is None:
        return at.look
    if place == _place(at) and at.look.cursor is not None:
        return _open(at)
    return replace(at.look, cursor=at.view.alerts[place].key)


def _place_at(view: Alerts, height: int, row: int) -> int | None:
    """The alert that is drawn in a row."""
    above, _ = heights_of(view, height)
    rows, first, stop = (
        (above, 0, view.firing) if row < above else (height - above, view.firing, len(view.alerts))
    )
    start, end = window_of(first, stop, view.cursor, max(1, rows - AROUND))
    place = start + row - (0 if row < above else above) - 2
    return place if start <= place < end else None


ACTS: Final[Mapping[str, Act]] = {
    "up": _to(-1),
    "down": _to(1),
    "page_up": _page(-1),
    "page_down": _page(1),
    "top": _to(-(10**9)),
    "bottom": _to(10**9),
    "zoom_in": _zoomed(1),
    "zoom_out": _zoomed(-1),
    "open": _open,
    "back": _close,
}
ACTIONS: Final = (
    SceneAction("acknowledge", "a", "a", "Acknowledge", "Say that the alert was seen", _acknowledge),
    SceneAction("withdraw", "u", "u", "Take back", "Take the acknowledgement back", _withdraw),
)
