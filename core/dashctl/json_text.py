"""JSON that somebody else wrote.

Rule: whatever is wrong with a text is one line that says where.
"""

import json
from typing import Any

from dashctl.errors import InvalidEvent


def parsed(text: str | bytes) -> Any:
    """What a JSON text says; NaN and Infinity count as numbers. Raises InvalidEvent."""
    try:
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidEvent(f"not UTF-8: {error.reason} at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise InvalidEvent(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"not JSON that can be read: {error}") from None
