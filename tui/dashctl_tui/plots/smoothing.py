"""Smoothing that does not lie.

Rules: how much is smoothed is a length on the x axis, never a number of samples, so that a curve sampled
twice as often, or thinned, looks the same; a constant curve stays exactly what it is; the first value is the
first value (no pull towards zero); what is not finite stays as it is and does not spread to its neighbours.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

# Powers of e up to here, and their products with numbers up to 1, are far from the largest float64.
_LARGEST_POWER = 500.0
FORGOTTEN = 40.0
"""After so many reaches a value weighs less than float64 can tell: e**-40."""


def smoothed(x: ArrayLike, y: ArrayLike, reach: float) -> Values:
    """The exponential moving average of y (n,) along x (n,), which never goes back.

    A value that lies `reach` further back on x weighs 1/e as much. Each sample counts for the stretch of x
    from the one before it, as the mean of a thinned curve's bucket does: A. Eckner, "Algorithms for unevenly
    spaced time series: moving averages and other rolling operators", 2012, section 3 (EMA_next), divided by
    the sum of the weights, so that the start is not drawn towards zero. Samples at one x share its stretch.
    A reach of 0 or less gives the values back.
    """
    values = np.asarray(y, dtype=np.float64)
    usable = np.isfinite(values)
    where = np.asarray(x, dtype=np.float64)
    if not (reach > 0 and np.count_nonzero(usable) > 1 and where[-1] > where[0]):
        return values
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        at = (where - where[0]) / reach
    if not 0 < at[-1] < np.inf:
        return values
    weights = -np.expm1(-_stretches(at))
    averages = values.copy()
    averages[usable] = _averages(at[usable], weights[usable], values[usable])
    return averages


def _stretches(at: Values) -> Values:
    """How much of the axis each sample stands for; the first one for as much as the next."""
    places, inverse, counts = np.unique(at, return_inverse=True, return_counts=True)
    gaps = np.diff(places)
    shared: Values = np.concatenate([gaps[:1], gaps]) / counts
    return shared[inverse]


def _averages(at: Values, weights: Values, values: Values) -> Values:
    # Numbers of at most 1, by a power of two, so that nothing overflows and no digit is lost.
    size = np.exp2(np.ceil(np.log2(max(float(np.abs(values).max()), np.finfo(np.float64).tiny)) / 2))
    scaled = values / size / size
    means = np.empty_like(values)
    weighed, total, begin = 0.0, 0.0, 0
    while begin < at.size:
        end = int(np.searchsorted(at, at[begin] + _LARGEST_POWER, side="right"))
        part = slice(begin, end)
        growth = np.exp(at[part] - at[begin])
        totals = total + np.cumsum(growth * weights[part])
        sums = weighed + np.cumsum(growth * weights[part] * scaled[part])
        means[part] = np.divide(sums, totals, out=scaled[part].copy(), where=totals > 0)
        if end < at.size:
            faded = np.exp(at[end - 1] - at[end]) / growth[-1]
            weighed, total = float(sums[-1]) * faded, float(totals[-1]) * faded
        begin = end
    # What rounding adds must not leave the range of what was measured: so a constant stays a constant.
    low, high = np.minimum.accumulate(values), np.maximum.accumulate(values)
    with np.errstate(over="ignore"):
        bounded: Values = np.clip(means * size * size, low, high)
    return bounded
