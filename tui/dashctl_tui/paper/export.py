"""Writes pictures and tables into files.

Rules: what is written is asked for by the file's name; a file is whole or not there; one that is there is not
overwritten unasked.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from dashctl.errors import DashctlError, UsageError
from dashctl_tui.paper.html import to_html
from dashctl_tui.paper.runs import Page, page_of
from dashctl_tui.paper.svg import to_svg
from dashctl_tui.paper.table import to_csv
from dashctl_tui.plots.canvas import Row
from dashctl_tui.plots.skin import Skin
from dashctl_tui.scenes.acts import At
from dashctl_tui.scenes.scene import Scene, Table


class NotWritten(DashctlError):
    """A file that cannot be written."""


def _png(page: Page) -> bytes:
    # Loaded when somebody wants one: that takes a package that not everybody has.
    made: bytes = import_module("dashctl_tui.paper.png").to_png(page)
    return made


PICTURES: Final[Mapping[str, Callable[[Page], bytes]]] = {
    ".svg": lambda page: to_svg(page).encode(),
    ".html": lambda page: to_html(page).encode(),
    ".png": _png,
}


def check_name(path: Path) -> None:
    """Raises UsageError for a file whose name asks for no kind of picture."""
    if path.suffix.lower() not in PICTURES:
        raise UsageError(
            f"{path}: {path.suffix or 'no ending'!r} is not allowed; expected {', '.join(PICTURES)}"
        )


def write_picture(path: Path, rows: Sequence[Row], skin: Skin) -> None:
    """Write what rows show, as the file's name asks. Raises UsageError and NotWritten."""
    check_name(path)
    _write(path, PICTURES[path.suffix.lower()](page_of(rows, skin)))


def write_table(path: Path, table: Table) -> None:
    """Write a table as CSV. Raises NotWritten."""
    _write(path, to_csv(table).encode())


def export(
    folder: Path, scene: Scene[Any], seen: At[Any, Any], rows: Sequence[Row], skin: Skin
) -> list[Path]:
    """Write what is on the screen: the picture as SVG, and the data behind it as CSV if there is any.

    Raises NotWritten.
    """
    stem = free_name(folder, scene.name, seen.viewport.now)
    written = [stem.with_suffix(".svg")]
    write_picture(written[0], rows, skin)
    if scene.table is not None and seen.view is not None:
        written.append(stem.with_suffix(".csv"))
        write_table(written[1], scene.table(seen.view, seen.viewport))
    return written


def free_name(folder: Path, scene: str, now: float) -> Path:
    """A name without an ending that no picture and no table in that folder has yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    for number in range(1, 1000):
        path = folder / f"dashctl-{scene}-{stamp}{f'-{number}' if number > 1 else ''}"
        if not any(path.with_suffix(ending).exists() for ending in (*PICTURES, ".csv")):
            return path
    raise NotWritten(f"{folder}: has a thousand exports of this second")


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            aside.write_bytes(content)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise NotWritten(f"cannot write {path.name} in {path.parent}: {error.strerror or error}") from None
