"""The scenes of the monitor, in the order of their story; see `dashctl_tui.scenes.scene`.

Rules: one file each; a scene is in the deck or it does not exist; first the detector's story, whose first ten
have the digits, then what serves any training.
"""

from typing import Any, Final

from dashctl.errors import UsageError
from dashctl_tui.scenes import (
    alerts,
    attacks,
    baseline,
    bus,
    chunking,
    code,
    collect,
    db,
    hosts,
    knn,
    logs,
    models,
    overview,
    perf,
    runs,
    stack,
    training,
)
from dashctl_tui.scenes.scene import Picture, Scene, Viewport

__all__ = ["DECK", "Picture", "Scene", "Viewport", "scene_named"]

DECK: Final[tuple[Scene[Any], ...]] = (
    overview.SCENE,
    stack.SCENE,
    collect.SCENE,
    hosts.SCENE,
    db.SCENE,
    baseline.SCENE,
    attacks.SCENE,
    chunking.SCENE,
    models.SCENE,
    code.SCENE,
    knn.SCENE,
    perf.SCENE,
    training.SCENE,
    runs.SCENE,
    alerts.SCENE,
    logs.SCENE,
    bus.SCENE,
)


def scene_named(name: str) -> Scene[Any]:
    """The scene with this name, whatever its case. Raises UsageError."""
    for scene in DECK:
        if scene.name == name.casefold():
            return scene
    raise UsageError(
        f"scene: {name!r} is not allowed; expected one of {', '.join(scene.name for scene in DECK)}"
    )
