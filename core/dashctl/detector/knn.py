"""K nearest neighbours on window features.

Rule: whatever is fitted (scaling, weights, neighbours) is fitted on the windows given to `fit` alone.

Method: Cover and Hart, "Nearest neighbor pattern classification", IEEE Transactions on Information
Theory 13 (1967), each neighbour weighted by the inverse of its distance. Most features say nothing of
the phase and would drown the others, so each is weighted by its F-statistic between the phases
(Fisher's analysis of variance), which is fitted on the training windows, like the scaling.
"""

import numpy as np
from sklearn.feature_selection import f_classif
from sklearn.neighbors import KNeighborsClassifier

from dashctl.detector.features import Scaling, features, fit_scaling
from dashctl.detector.windows import Floats, Ints, Windows


class KNN:
    """Predicts the phase of a window from the training windows that are most like it."""

    name = "knn"

    def __init__(self, scaling: Scaling, weights: Floats, neighbours: KNeighborsClassifier) -> None:
        self.scaling = scaling
        self.weights = weights
        self._neighbours = neighbours

    @classmethod
    def fit(cls, windows: Windows, *, k: int) -> "KNN":
        """Keeps the coordinates of these windows; `k` is at most their number."""
        rows = features(windows.sequences)
        scaling = fit_scaling(rows)
        scaled = scaling.apply(rows)
        weights = _weights(scaled, windows.phases)
        neighbours = KNeighborsClassifier(min(k, len(rows)), weights="distance")
        return cls(scaling, weights, neighbours.fit(scaled * weights, windows.phases))

    def coordinates(self, sequences: Floats) -> Floats:
        """Where windows lie in the space that distances are measured in, (n, n_features)."""
        return self.scaling.apply(features(sequences)) * self.weights

    def predict(self, sequences: Floats) -> Ints:
        """Phase codes, int64 (n,), of telemetry (n, STEPS, CHANNELS)."""
        return np.asarray(self._neighbours.predict(self.coordinates(sequences)), dtype=np.int64)


def _weights(scaled: Floats, phases: Ints) -> Floats:
    """Per feature 0 to 1, the best 1; all 1 where too few windows or phases leave nothing to compare."""
    varies = scaled.std(axis=0) > 0
    weights = np.zeros(scaled.shape[1], dtype=np.float32)
    if not varies.any() or not 2 <= len(np.unique(phases)) < len(phases):
        return np.ones_like(weights)
    with np.errstate(divide="ignore"):  # a feature that is the same throughout each phase
        statistic, _ = f_classif(scaled[:, varies], phases)
    if not np.isfinite(statistic).all():
        return np.ones_like(weights)
    weights[varies] = statistic / statistic.max()
    return weights
