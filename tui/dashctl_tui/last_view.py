"""What a person looked at last, written down for the next time.

Rules: what is written is only what differs from the first view; a file that cannot be read, or that another
version wrote, is no view, and no error; it is written aside and renamed, so that it is whole or not there.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from dashctl_tui.chosen import Chosen
from dashctl_tui.plots.themes import THEMES
from dashctl_tui.scenes import DECK
from dashctl_tui.scenes.viewport import Shared

_FORMAT: Final = 1
T = TypeVar("T")


class _Written(msgspec.Struct, frozen=True):
    format: int
    scene: str
    looks: Mapping[str, msgspec.Raw] = {}
    shared: msgspec.Raw = msgspec.Raw(b"null")
    theme: msgspec.Raw = msgspec.Raw(b"null")


def view_of(path: Path) -> Chosen | None:
    """The view that was written there; None if there is none."""
    try:
        written = msgspec.json.decode(path.read_bytes(), type=_Written)
    except (OSError, msgspec.DecodeError):
        return None
    scenes = {scene.name: scene for scene in DECK}
    if written.format != _FORMAT or written.scene not in scenes:
        return None
    looks = {
        name: look
        for name, raw in written.looks.items()
        if name in scenes and (look := _read(raw, type(scenes[name].look))) is not None
    }
    theme = _read(written.theme, tuple[str, str])
    return Chosen(
        written.scene,
        looks,
        _read(written.shared, Shared) or Shared(),
        theme if theme and theme[0] in THEMES else None,
    )


def keep_view(path: Path, chosen: Chosen) -> None:
    """Write a view down; where that cannot be, nothing is."""
    first = {scene.name: scene.look for scene in DECK}
    written = {
        "format": _FORMAT,
        "scene": chosen.name,
        "looks": {name: look for name, look in chosen.looks.items() if look != first[name]},
        "shared": chosen.shared,
        "theme": chosen.theme,
    }
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            aside.write_bytes(msgspec.json.encode(written))
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def _read(raw: msgspec.Raw, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError:
        return None
