"""The windows as points in space: principal components of their features, and clusters among them.

Rules: the picture is of the space in which nearest neighbours measure distances. That space is
supervised: its axes are weighted by how well they tell the training windows' phases apart, which
draws phases apart in the picture too. Clusters know nothing of phases: they are sought among the
scaled features, all of one weight, so that comparing the two says what can be told without labels.

Methods: principal component analysis (Pearson 1901); k-means (Lloyd 1982), one cluster per phase.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.model_selection import GroupKFold

from dashctl.detector.features import features
from dashctl.detector.knn import KNN
from dashctl.detector.windows import Floats, Ints, Windows
from dashctl.phases import PHASES


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Points with what they are. `points`: float32 (n, 3), each axis from 0 to 1.

    `phase`, `predicted`, `cluster`: int64 (n,); the first two index PHASES.
    """

    points: Floats
    phase: Ints
    predicted: Ints
    cluster: Ints


def project(windows: Windows, knn: KNN, *, k: int, seed: int) -> Cloud:
    """Projects windows of at least two episodes as `knn` sees them: close there is close here.

    `cluster` comes from their features as `knn.scaling` scales them, without its weights.
    `predicted` comes from nearest neighbours (`k`) fitted on other episodes than the window's own.
    """
    rows = knn.scaling.apply(features(windows.sequences))
    points = PCA(3, svd_solver="full").fit_transform(rows * knn.weights)
    clusters = KMeans(min(len(PHASES), len(rows)), n_init=3, random_state=seed).fit_predict(rows)
    return Cloud(
        _rescaled(points), windows.phases, _out_of_fold(windows, k), np.asarray(clusters, dtype=np.int64)
    )


def _rescaled(points: Floats) -> Floats:
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points - low) / np.maximum(high - low, 1e-9), dtype=np.float32)


def _out_of_fold(windows: Windows, k: int) -> Ints:
    predicted = np.zeros_like(windows.phases)
    folds = GroupKFold(min(5, len(np.unique(windows.episode))))
    for train, test in folds.split(windows.phases, groups=windows.episode):
        model = KNN.fit(windows[train], k=k)
        predicted[test] = model.predict(windows[test].sequences)
    return predicted
