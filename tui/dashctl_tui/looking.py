"""How a person looks at a scene: turned, scrolled, coloured.

Rule: frozen values; a step past an end stays at the end.
"""

from dataclasses import dataclass, replace

from dashctl_tui.plots.camera import Camera
from dashctl_tui.scenes.scene import Viewport

TURN = 0.12
"""Radians that one press of an arrow key turns a cloud."""
DRAG = (0.035, 0.07)
"""Radians per cell that the mouse is dragged across and up: cells are twice as high as wide."""
ZOOM = 1.2
SPIN = 0.5
"""Radians a second."""
FAIR_SAMPLE = 65_536
"""So many points are drawn while a cloud is in motion."""
_SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)


@dataclass(frozen=True, slots=True)
class Looking:
    """What was chosen for one scene; `camera` is None as long as nobody turned anything."""

    scroll: int = 0
    camera: Camera | None = None
    spinning: bool = False
    dragging: bool = False
    colouring: int = 0
    item: int = 0
    log_y: bool = False
    smoothing: float = 0.0

    def viewport(self, width: int, height: int, now: float, wanted: str) -> Viewport:
        """What is asked of the scene."""
        return Viewport(
            width,
            height,
            now,
            wanted,
            self.scroll,
            self.camera,
            self.colouring,
            self.item,
            FAIR_SAMPLE if self.dragging or self.spinning else None,
            self.log_y,
            self.smoothing,
        )

    def turned(self, yaw: float, pitch: float) -> "Looking":
        return replace(self, camera=(self.camera or Camera()).rotated(yaw, pitch))

    def zoomed(self, steps: int) -> "Looking":
        return replace(self, camera=(self.camera or Camera()).zoomed(ZOOM**steps))

    def scrolled(self, rows: int) -> "Looking":
        return replace(self, scroll=max(0, self.scroll + rows))

    def smoother(self) -> "Looking":
        """The next stronger smoothing, and none after the strongest."""
        after = _SMOOTHINGS.index(self.smoothing) + 1
        return replace(self, smoothing=_SMOOTHINGS[after % len(_SMOOTHINGS)])
