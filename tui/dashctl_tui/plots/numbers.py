"""Numbers as short labels.

Rule: what is not finite is named (NaN, +Inf, -Inf), never hidden or replaced.
"""

from math import floor, inf, isfinite, isnan, log10

_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LARGEST_WITH_UNIT = 1e15
_SMALLEST_PLAIN = 1e-4
_SMALLEST_WITH_UNIT = 1e4


def compact(value: float, digits: int = 3) -> str:
    """`value` with about `digits` significant digits: 0.0312, 12.3, 1234, 12.3k, 3.4M, 1.2e-05, NaN."""
    if not isfinite(value):
        return not_finite(value)
    size = abs(value)
    if size == 0:
        return "0"
    if size < _SMALLEST_PLAIN or size >= _LARGEST_WITH_UNIT:
        return _scientific(value, digits - 2)
    if size < _SMALLEST_WITH_UNIT:
        return _trimmed(value, digits)
    scale, unit = next((scale, unit) for scale, unit in _UNITS if size >= scale)
    return _trimmed(value / scale, digits) + unit


def not_finite(value: float) -> str:
    """The name of a value that is not finite: NaN, +Inf or -Inf."""
    if isnan(value):
        return "NaN"
    return "+Inf" if value == inf else "-Inf"


def percent(share: float) -> str:
    """A share of 1 as a whole percentage: 0.42 -> "42 %"."""
    return f"{share * 100:.0f} %" if isfinite(share) else not_finite(share)


def tick_labels(ticks: list[float], step: float) -> list[str]:
    """Labels for evenly spaced ticks, all with the same unit and as many decimals as the step needs."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    if step <= 0 or not isfinite(step) or not isfinite(largest) or largest == 0:
        return [compact(tick) for tick in ticks]
    if largest < _SMALLEST_PLAIN or largest >= _LARGEST_WITH_UNIT:
        return [_scientific(tick, _exponent(abs(tick)) - _exponent(step)) if tick else "0" for tick in ticks]
    scale, unit = 1.0, ""
    if largest >= _SMALLEST_WITH_UNIT:
        scale, unit = next(found for found in _UNITS if largest >= found[0])
    decimals = min(9, max(0, -_exponent(step / scale)))
    return [f"{tick / scale:.{decimals}f}{unit}" if tick else "0" for tick in ticks]


def _exponent(size: float) -> int:
    # A step such as 0.001 has a logarithm just below -3.
    return floor(log10(size) + 1e-9)


def _scientific(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{min(9, max(0, decimals))}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"


def _trimmed(value: float, digits: int) -> str:
    decimals = max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
