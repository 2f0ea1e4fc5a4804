"""What was recorded, counted.

Rule: totals are a value; one more episode gives new totals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dashctl.detector.episodes import Episode, episode_folders, read_episode
from dashctl.detector.windows import window_phases
from dashctl.errors import InvalidData
from dashctl.phases import Phase


@dataclass(frozen=True, slots=True)
class Totals:
    """Episodes, windows, episodes by host, windows by phase, episodes by profile, bytes on disk."""

    episodes: int = 0
    windows: int = 0
    hosts: Mapping[str, int] = field(default_factory=dict)
    phases: Mapping[Phase, int] = field(default_factory=dict)
    profiles: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0

    def plus(self, episode: Episode, folder: Path) -> "Totals":
        """These and one episode more, which lies in `folder`."""
        phases = dict(self.phases)
        for phase in window_phases(episode):
            phases[phase] = phases.get(phase, 0) + 1
        meta = episode.meta
        return Totals(
            self.episodes + 1,
            sum(phases.values()),
            {**self.hosts, meta.host: self.hosts.get(meta.host, 0) + 1},
            phases,
            {**self.profiles, meta.profile: self.profiles.get(meta.profile, 0) + 1},
            self.bytes + sum(file.stat().st_size for file in folder.iterdir()),
        )


def count(root: Path, totals: Totals = Totals()) -> tuple[Totals, tuple[InvalidData, ...]]:
    """`totals` and all sound episodes under `root`; what is wrong with the others."""
    wrong: list[InvalidData] = []
    for folder in episode_folders(root):
        try:
            totals = totals.plus(read_episode(folder), folder)
        except InvalidData as error:
            wrong.append(error)
    return totals, tuple(wrong)
