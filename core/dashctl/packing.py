"""Numbers as packed little-endian arrays, the form in which bulk data travels.

Rule: what cannot be packed is named together with what is allowed.
"""

import base64
from array import array
from typing import Any, Literal

from dashctl.errors import InvalidEvent
from dashctl.validation import shown

Typecode = Literal["f", "B"]


def packed(field: str, value: Any, typecode: Typecode) -> memoryview:
    """Base64 text, a list of numbers or anything with a buffer, as the array in a point cloud's field.

    `typecode` is "f" for float32 or "B" for uint8. Raises InvalidEvent.
    """
    try:
        if isinstance(value, str):
            return memoryview(base64.b64decode(value, validate=True))
        return memoryview(array(typecode, value)) if isinstance(value, (list, tuple)) else memoryview(value)
    except (TypeError, ValueError, OverflowError):
        expected = "numbers" if typecode == "f" else "whole numbers from 0 to 255"
        raise InvalidEvent(
            f"point_cloud.{field}: {shown(value)} is not allowed; expected a list of {expected}, or base64"
        ) from None
