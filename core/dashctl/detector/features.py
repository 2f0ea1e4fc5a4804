"""What the models see: channels on scales that compare, and a vector of features per window.

Rules: everything is a function of one window alone, so a window can be judged as it ends; scaling is
fitted on training windows and only applied to others.

Channels. Rates and byte counts span six orders of magnitude, so every channel that is not a
percentage is taken as log(1 + x). Levels (memory, processes, load, sockets) say more about the
machine than about the phase: each is taken relative to its value at the window's start.

Features per channel: mean, standard deviation, minimum, 10th, 25th, 50th, 75th and 90th percentile,
maximum, slope (least squares, per second), roughness (mean absolute change from step to step). The
percentiles tell what goes on all the time from what came in between.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dashctl.detector.telemetry import COLUMNS
from dashctl.detector.windows import SECONDS, STEPS, Floats

_QUANTILES: Final = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)

_IN_LOG: Final = np.array([column.unit != "%" for column in COLUMNS])
_LEVEL: Final = np.array([column.kind == "level" for column in COLUMNS])


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Standard scaling: `apply(x)` is (x - mean) / std, along the last axis."""

    mean: Floats
    std: Floats

    def apply(self, values: Floats) -> Floats:
        """The same shape, float32, within -10 to 10: no single outlier can drown the rest."""
        scaled = (values - self.mean) / self.std
        return np.asarray(np.clip(scaled, -10.0, 10.0), dtype=np.float32)


def fit_scaling(values: Floats) -> Scaling:
    """The scaling that brings these values to mean 0 and standard deviation 1, per last axis.

    What never varies is left where it is: it becomes 0.
    """
    rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
    std = rows.std(axis=0)
    return Scaling(rows.mean(axis=0).astype(np.float32), np.where(std > 1e-6, std, 1.0).astype(np.float32))


def channels(sequences: Floats) -> Floats:
    """Telemetry (..., STEPS, CHANNELS) in the channels' scales, same shape."""
    values = np.where(_IN_LOG, np.log1p(sequences), sequences)
    return np.where(_LEVEL, values - values[..., :1, :], values).astype(np.float32)


def features(sequences: Floats) -> Floats:
    """Telemetry (n, STEPS, CHANNELS) as features, float32 (n, CHANNELS * 11).

    Feature f of channel c, in the order of this module's docstring, is column c * 11 + f.
    """
    x = channels(sequences)
    parts = (
        x.mean(axis=1),
        x.std(axis=1),
        *np.quantile(x, _QUANTILES, axis=1).astype(np.float32),
        _slopes(x),
        np.abs(np.diff(x, axis=1)).mean(axis=1),
    )
    return np.stack(parts, axis=-1).reshape(len(x), -1)


def _slopes(x: Floats) -> Floats:
    t = (np.arange(STEPS) - (STEPS - 1) / 2) * (SECONDS / STEPS)
    return np.asarray(np.einsum("t,ntc->nc", t / (t @ t), x), dtype=np.float32)
