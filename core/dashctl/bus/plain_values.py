"""What arguments and results of calls are made of: numbers, texts, lists, and mappings from texts.

Rules: whatever msgspec can take apart may be given (Structs, dataclasses, tuples, dates), and scalars
of other libraries count as Python's own; what comes out is what JSON can say, and NaN.
"""

from typing import Any

import msgspec

from dashctl.errors import DashctlError
from dashctl.validation import shown


class NotPlain(DashctlError):
    """A value that cannot travel: the message names it."""


def plain_value(value: object) -> Any:
    """The value in plain terms. Raises NotPlain."""
    try:
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_python_number)
        msgspec.msgpack.encode(plain)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise NotPlain(f"{shown(value)} cannot travel ({error})") from None
    return plain


def _python_number(value: object) -> Any:
    """A scalar of numpy or torch as Python's own; an array as a list."""
    convert = getattr(value, "tolist", None)
    if convert is None:
        raise TypeError(f"{type(value).__name__} is neither a number, a text, a list nor a mapping")
    return convert()
