"""Smoothing that does not lie.

Rules: a constant curve stays exactly what it is; the first value is the first value (no pull towards zero);
what is not finite stays as it is and does not spread to its neighbours.
"""

from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray


def smoothed(values: ArrayLike, weight: float) -> NDArray[np.float64]:
    """The exponential moving average of `values` (n,), each old value counting `weight` times its successor.

    weight: in [0, 1); 0 gives the values back. Debiased as in D. Kingma and J. Ba, "Adam", 2015, section 3,
    in the incremental form, where a difference of zero changes nothing.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if weight <= 0 or not numbers.size:
        return numbers
    mean, remaining = 0.0, 1.0
    averages: list[float] = []
    for value, usable in zip(numbers.tolist(), np.isfinite(numbers).tolist(), strict=True):
        if not usable:
            averages.append(value)
            continue
        remaining *= weight
        share = (1 - weight) / (1 - remaining)
        difference = value - mean
        # The difference of two huge values of opposite sign overflows; their weighted sum does not.
        mean = mean + share * difference if isfinite(difference) else mean * (1 - share) + value * share
        averages.append(mean)
    return np.array(averages)
