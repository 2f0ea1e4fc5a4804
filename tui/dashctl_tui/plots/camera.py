"""From where a cloud is looked at.

Rule: a camera knows no cloud and no screen; the same camera shows any cloud at any size.
"""

from dataclasses import dataclass, replace
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

MIN_ZOOM = 0.25
MAX_ZOOM = 64.0
FARTHEST = 1.0
"""How far from the middle of a cloud one can look."""


@dataclass(frozen=True, slots=True)
class Camera:
    """An orthographic view. x points right, y up and z at the viewer when both angles are 0.

    yaw: turn about the vertical axis, radians. pitch: looking down from above, radians in [-π/2, π/2].
    zoom: 1 fits the bounding box at every yaw; in [0.25, 64]. target: what is in the middle of the picture,
    from the middle of the bounding box, in halves of its diagonal.
    """

    yaw: float = 0.62
    pitch: float = 0.42
    zoom: float = 1.0
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def rotated(self, yaw: float, pitch: float) -> "Camera":
        """Turned by these angles (radians); the pitch stops at straight down and straight up."""
        turned = (self.yaw + yaw + pi) % (2 * pi) - pi
        return replace(self, yaw=turned, pitch=min(pi / 2, max(-pi / 2, self.pitch + pitch)))

    def zoomed(self, factor: float) -> "Camera":
        """Nearer (factor above 1) or farther, within the limits."""
        return replace(self, zoom=min(MAX_ZOOM, max(MIN_ZOOM, self.zoom * factor)))

    def aimed(self, target: tuple[float, float, float]) -> "Camera":
        """At this place, or the nearest that is within the limits."""
        x, y, z = (min(FARTHEST, max(-FARTHEST, part)) for part in target)
        return replace(self, target=(x, y, z))

    def moved(self, right: float, up: float) -> "Camera":
        """What is in the middle of the picture, moved in the picture's plane, in halves of a diagonal."""
        shift = (np.array([right, up, 0.0]) @ self.rotation()).tolist()
        x, y, z = (old + by for old, by in zip(self.target, shift, strict=True))
        return self.aimed((x, y, z))

    def upright(self) -> "Camera":
        """Straight onto the x-y plane, as near and at the same place."""
        return replace(self, yaw=0.0, pitch=0.0)

    def rotation(self) -> NDArray[np.float64]:
        """(3, 3): data axes to right, up and towards the viewer."""
        cos_yaw, sin_yaw = cos(self.yaw), sin(self.yaw)
        cos_pitch, sin_pitch = cos(self.pitch), sin(self.pitch)
        return np.array(
            [
                [cos_yaw, 0.0, sin_yaw],
                [sin_pitch * sin_yaw, cos_pitch, -sin_pitch * cos_yaw],
                [-cos_pitch * sin_yaw, sin_pitch, cos_pitch * cos_yaw],
            ]
        )


FLAT = Camera(yaw=0.0, pitch=0.0)
"""Straight onto the x-y plane."""
