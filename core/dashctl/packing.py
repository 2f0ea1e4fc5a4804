"""Numbers as packed little-endian arrays, the form in which bulk data travels.

Rule: what cannot be packed is named together with what is allowed.
"""

import base64
from array import array
from typing import Any, Literal

from dashctl.errors import InvalidEvent
from dashctl.validation import shown

Typecode = Literal["f", "B"]


def packed(field: str, values: Any, typecode: Typecode) -> memoryview:
    """The array in a point cloud's field, from whatever holds its numbers.

    `typecode` is "f" for float32 or "B" for uint8. bytes and base64 text are packed already; everything
    else is numbers: a list, an array of any type, stride or byte order, a tensor. Raises InvalidEvent.
    """
    try:
        if isinstance(values, str):
            return memoryview(base64.b64decode(values, validate=True))
        if isinstance(values, (bytes, bytearray)) or _is_packed(values, typecode):
            return memoryview(values)
        return memoryview(array(typecode, values.tolist() if hasattr(values, "tolist") else values))
    except (TypeError, ValueError, OverflowError):
        expected = "numbers" if typecode == "f" else "whole numbers from 0 to 255"
        raise InvalidEvent(
            f"point_cloud.{field}: {shown(values)} is not allowed; expected a list of {expected}, or base64"
        ) from None


def _is_packed(values: Any, typecode: Typecode) -> bool:
    """Whether these are, as they lie in memory, what travels: no copy is needed."""
    try:
        view = memoryview(values)
    except (TypeError, ValueError):
        return False
    if not view.c_contiguous or view.ndim != 1:
        return False
    return view.format == typecode or (isinstance(values, memoryview) and view.format == "B")
