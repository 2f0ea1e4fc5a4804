"""What a detector of phases records, says and costs."""

from typing import Annotated, ClassVar

from dashctl.events.base import Event
from dashctl.phases import Phase
from dashctl.retention import Latest, Retention, Window
from dashctl.validation import (
    Count,
    Few,
    Many,
    Name,
    Positive,
    Share,
    Text,
    Whole,
)


class Snapshot(Event, frozen=True):
    """Totals over everything that was recorded. Scenes: DB, Collect, Overview."""

    retention: ClassVar[Retention] = Latest(("run",), keys=100)

    episodes: Count | None = None
    windows: Count | None = None
    hosts: Annotated[dict[Name, Count], Few] | None = None
    """Episodes per host."""
    phases: dict[Phase, Count] | None = None
    """Windows per phase."""
    profiles: Annotated[dict[Name, Count], Few] | None = None
    """Episodes per profile."""
    bytes: Count | None = None


class Episode(Event, frozen=True):
    """One recorded episode. Scenes: Collect, DB, Chunking."""

    retention: ClassVar[Retention] = Latest(("episode_id",), keys=1_000)

    episode_id: Name
    host: Text | None = None
    profile: Text | None = None
    phases: Annotated[tuple[Phase, ...], Many] | None = None
    """The phase of each window, in order."""
    duration: Positive | None = None
    """Seconds."""
    started: float | None = None
    """Seconds since 1970, UTC."""


class PhaseEvent(Event, frozen=True, tag="phase"):
    """A host is seen in a phase now. Scene: Baseline (mix of the last five minutes)."""

    retention: ClassVar[Retention] = Window(300, ("phase",))

    phase: Phase


class AttackProfile(Event, frozen=True):
    """What a profile's load looks like over an episode. Scene: Attacks."""

    retention: ClassVar[Retention] = Latest(("name",), keys=200)

    name: Name
    curve: Annotated[tuple[float, ...], Many]
    """Load over time, evenly spaced, any unit: it is drawn scaled to its own peak."""
    shape: Text = ""


class Prediction(Event, frozen=True):
    """What a model says of one window, what it really was, or both. Scene: Chunking."""

    retention: ClassVar[Retention] = Latest(("run", "episode_id", "window_idx", "model"), merge=True)

    episode_id: Name
    window_idx: Whole
    predicted: Phase | None = None
    actual: Phase | None = None
    model: Text | None = None


class ModelMetric(Event, frozen=True):
    """A model's accuracy on data it was not trained on, 0–1. Scenes: Models, Overview."""

    retention: ClassVar[Retention] = Latest(("model",), keys=200)

    model: Name
    accuracy: Share


class ModelPerf(Event, frozen=True):
    """What a model costs: microseconds per window at batch size 1, against accuracy. Scene: Perf."""

    retention: ClassVar[Retention] = Latest(("model",), keys=200)

    model: Name
    latency_us: Positive
    accuracy: Share
