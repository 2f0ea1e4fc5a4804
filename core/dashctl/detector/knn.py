"""K nearest neighbours on window features.

Method: Cover and Hart, "Nearest neighbor pattern classification", IEEE Transactions on Information
Theory 13 (1967), on scaled features, each neighbour weighted by the inverse of its distance.
"""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from dashctl.detector.features import Scaling, features, fit_scaling
from dashctl.detector.windows import Floats, Ints, Windows


class KNN:
    """Predicts the phase of a window from the training windows that are most like it."""

    name = "knn"

    def __init__(self, scaling: Scaling, neighbours: KNeighborsClassifier) -> None:
        self.scaling = scaling
        self._neighbours = neighbours

    @classmethod
    def fit(cls, windows: Windows, *, k: int) -> "KNN":
        """Keeps the scaled features of these windows; `k` is at most their number."""
        rows = features(windows.sequences)
        scaling = fit_scaling(rows)
        neighbours = KNeighborsClassifier(min(k, len(rows)), weights="distance", metric="manhattan")
        return cls(scaling, neighbours.fit(scaling.apply(rows), windows.phases))

    def predict(self, sequences: Floats) -> Ints:
        """Phase codes, int64 (n,), of telemetry (n, STEPS, CHANNELS)."""
        rows = self.scaling.apply(features(sequences))
        return np.asarray(self._neighbours.predict(rows), dtype=np.int64)
