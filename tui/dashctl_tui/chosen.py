"""What a person chose to see: the scene, how each is looked at, and what all of them share.

Rules: a frozen value; a look that was never chosen is the scene's first one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dashctl_tui.scenes import scene_named
from dashctl_tui.scenes.acts import Taken
from dashctl_tui.scenes.scene import Scene
from dashctl_tui.scenes.viewport import Shared, Viewport


@dataclass(frozen=True, slots=True)
class Chosen:
    """`looks` by the name of the scene; `theme` as it was chosen while looking, and in place of which one."""

    name: str
    looks: Mapping[str, Any] = field(default_factory=dict)
    shared: Shared = field(default=Shared())
    theme: tuple[str, str] | None = None

    def theme_for(self, configured: str) -> str:
        """The theme to begin with: what was chosen holds until the configuration names another one."""
        chosen, instead = self.theme or (configured, configured)
        return chosen if instead == configured else configured

    @property
    def scene(self) -> Scene[Any]:
        """The one on the screen."""
        return scene_named(self.name)

    @property
    def look(self) -> Any:
        """How the scene on the screen is looked at."""
        return self.looks.get(self.name, self.scene.look)

    def viewport(self, width: int, height: int, now: float) -> Viewport[Any]:
        """What is asked of the scene."""
        return Viewport(width, height, self.look, now, self.shared)

    def taking(self, outcome: Any) -> "Chosen":
        """After an act: its outcome is a look of the scene on the screen, or what is Taken."""
        taken = outcome if isinstance(outcome, Taken) else Taken(look=outcome)
        looks = self.looks if taken.look is None else {**self.looks, self.name: taken.look}
        return replace(self, looks=looks, shared=taken.shared or self.shared)

    def among(self, runs: Collection[str]) -> "Chosen":
        """Without marks on runs, and a baseline, that are not among these."""
        marked = tuple(run for run in self.shared.marked if run in runs)
        baseline = self.shared.baseline if self.shared.baseline in runs else ""
        return replace(self, shared=replace(self.shared, marked=marked, baseline=baseline))

    def filtered(self, text: str) -> "Chosen":
        """Showing only what matches, each list from its top."""
        looks = {name: _from_the_top(look) for name, look in self.looks.items()}
        return replace(self, looks=looks, shared=replace(self.shared, filter=text))


def _from_the_top(look: Any) -> Any:
    return replace(look, scroll=0) if getattr(look, "scroll", 0) else look
