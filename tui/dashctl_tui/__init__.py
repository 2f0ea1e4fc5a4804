"""The monitor: what a bus tells, drawn in a terminal.

Rule: importing this package loads neither textual nor numpy; `run` and `once` do.
"""

import gc
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dashctl.bus import Address, Connection
    from dashctl.state import State
    from dashctl_tui.plots.skin import Skin

__all__ = ["INTERVAL", "once", "run", "shot"]

INTERVAL = 1 / 30
"""Seconds between two pictures at least."""


def run(
    address: "Address | str | None" = None,
    *,
    scene: str | None = None,
    mouse: bool = True,
    interval: float | None = None,
    now: "Callable[[], float]" = time.time,
    place: str = "",
    mark: "Callable[[], str]" = str,
    view: "Path | None" = None,
    skin: "Skin | None" = None,
    theme: str | None = None,
) -> int:
    """Watch the bus at `address` until a person quits; returns the exit status.

    scene: the one to begin with, None for the one of last time, or else Overview. interval: seconds between
    two pictures at least. now: the clock of what is shown, seconds since 1970. place: what the address is
    called on the screen. mark: what the status line says of the present, "" for nothing. view: the file
    where the view of last time is kept, None for nowhere. skin: colours and characters to send, None for the
    dark theme in all colours. theme: the one to begin with, None for the one of last time, or else the
    skin's. Raises UsageError for an address, a scene or a key
    that is none, and where standard input and output are no terminal.
    """
    with _nothing_collected():
        from dashctl_tui.launch import watch  # noqa: PLC0415

    pause = INTERVAL if interval is None else interval
    return watch(
        address,
        scene=scene,
        mouse=mouse,
        interval=pause,
        now=now,
        place=place,
        mark=mark,
        view=view,
        skin=skin,
        theme=theme,
    )


@contextmanager
def _nothing_collected() -> "Iterator[None]":
    """What is loaded stays: it is neither looked through while it grows nor ever after."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if before:
            gc.enable()


def once(
    state: "State",
    connection: "Connection",
    *,
    scene: str,
    size: tuple[int, int],
    skin: "Skin | None" = None,
    now: float | None = None,
    address: str = "",
) -> str:
    """The picture of a scene as text: a title, `size` = (columns, rows), a status line.

    skin: colours and characters, None for no colours. now: seconds since 1970, the present if None. Raises
    UsageError for a scene that is none.
    """
    from dashctl_tui.plots.skin import Skin  # noqa: PLC0415
    from dashctl_tui.report import picture_rows, to_paper  # noqa: PLC0415

    moment = time.time() if now is None else now
    rows = picture_rows(state, connection, scene=scene, size=size, now=moment, address=address)
    return to_paper(rows, skin or Skin(depth="none"))


def shot(
    state: "State",
    connection: "Connection",
    path: "Path",
    *,
    scene: str,
    size: tuple[int, int],
    theme: str = "dark",
    now: float | None = None,
    address: str = "",
) -> None:
    """Write the picture of a scene as the file's name asks: .svg, .html or .png.

    theme: one of `dashctl.settings.THEMES`. Raises UsageError for a scene or a kind of file that is none, and
    NotWritten.
    """
    from dashctl_tui.paper.export import check_name, write_picture  # noqa: PLC0415
    from dashctl_tui.plots.skin import Skin  # noqa: PLC0415
    from dashctl_tui.report import picture_rows  # noqa: PLC0415

    check_name(path)
    moment = time.time() if now is None else now
    rows = picture_rows(state, connection, scene=scene, size=size, now=moment, address=address)
    write_picture(path, rows, Skin(theme))
