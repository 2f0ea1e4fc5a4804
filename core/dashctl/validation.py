"""Checks that make an event's fields legal, derived from their annotations.

Rules: the annotation is the only place that states a range; numbers that are not Python's own
(numpy scalars, one-element tensors) become Python's; NaN and infinity are legal only where the
annotation is `AnyFloat`; an illegal value is named together with what is allowed.
"""

import math
import operator
import sys
from array import array
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final, get_type_hints

import msgspec
from msgspec import Meta, inspect

from dashctl.errors import InvalidEvent

AnyFloat = Annotated[float, Meta(description='a number, nan, inf or -inf (in JSON as texts: "nan")')]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Percent = Annotated[float, Meta(ge=0.0, le=100.0)]
Positive = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
LONGEST_NAME: Final = 16_384
"""Characters, as LONGEST_TEXT: what is remembered is bounded in number and in size."""
LONGEST_TEXT: Final = 65_536
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
LONGEST_MAPPING: Final = 1_000
Few = Meta(max_length=LONGEST_MAPPING)
Many = Meta(max_length=100_000)
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]

_LONGEST_SHOWN: Final = 60


class Check(msgspec.Struct, frozen=True):
    """One field's rule: `legal(value)` returns the value to store, or raises ValueError."""

    name: str
    allowed: str
    legal: Callable[[Any], Any]
    optional: bool


@cache
def checks_of(cls: type[msgspec.Struct]) -> tuple[Check, ...]:
    """The checks of a Struct's fields, in order."""
    hints = get_type_hints(cls, include_extras=True)
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return tuple(_check(field.name, hints[field.name], field.type) for field in info.fields)


def make_legal(event: msgspec.Struct) -> None:
    """Check every field in place; raises InvalidEvent naming field, value and what is allowed."""
    for check in checks_of(type(event)):
        value = getattr(event, check.name)
        if value is None and check.optional:
            continue
        try:
            legal = check.legal(value)
        except (TypeError, ValueError, OverflowError, msgspec.ValidationError):
            raise illegal(event, check.name, value, check.allowed) from None
        if legal is not value:
            msgspec.structs.force_setattr(event, check.name, legal)


def illegal(event: msgspec.Struct, field: str, value: object, allowed: str) -> InvalidEvent:
    """The error for one field of an event."""
    tag = event.__struct_config__.tag or type(event).__name__.lower()
    return InvalidEvent(f"{tag}.{field}: {shown(value)} is not allowed; expected {allowed}")


def shown(value: object) -> str:
    """A value as an error message shows it: inert, and cut off if long."""
    return sendable(repr(value), _LONGEST_SHOWN)


def sendable(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text that nobody wrote for an event, as one can carry it.

    It has at most `longest` characters, the last of them an ellipsis if it was cut; half a surrogate
    pair, as in names of files that are not UTF-8, is a question mark.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return cut if cut.isascii() else cut.encode(errors="replace").decode()


def all_finite(packed: memoryview) -> bool:
    """Whether every little-endian float32 in a packed array is finite.

    NaN and infinities have all exponent bits set, so their last byte is 0x7f or 0xff. Where none is
    (no magnitude reaches 1.7e38), a byte search has the answer far sooner than unpacking has.
    """
    last = bytes(packed)[3::4]
    if b"\x7f" not in last and b"\xff" not in last:
        return True
    return all(math.isfinite(number) for number in array("f", bytes(packed)))


def none_infinite(packed: memoryview) -> bool:
    """Whether no little-endian float32 in a packed array is infinite; NaN may be."""
    return all_finite(packed) or not any(map(math.isinf, array("f", bytes(packed))))


def described(kind: inspect.Type) -> str:
    """What a type allows, in words."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return str((schema or {}).get("description") or described(inner))
        case inspect.FloatType():
            return "a number" + _range(kind.ge, kind.le, kind.gt, kind.lt)
        case inspect.IntType(ge=low, le=high):
            low = None if low == -(2**63) else low
            high = None if high == 2**63 - 1 else high
            return "a whole number" + _range(low, high, kind.gt, kind.lt)
        case inspect.StrType(min_length=least, max_length=most):
            plain = "a text that is not empty" if least else "a text"
            return plain if most is None else f"{plain}, at most {most} characters"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(str(value) for value in values)
        case inspect.EnumType(cls=cls):
            return "one of " + ", ".join(str(member.value) for member in cls)
        case inspect.UnionType(types=types):
            return " or ".join(described(each) for each in types if not isinstance(each, inspect.NoneType))
    return _described_collection(kind)


def _described_collection(kind: inspect.Type) -> str:
    match kind:
        case inspect.CollectionType(item_type=item, max_length=most):
            return f"a list{_at_most(most)}, each item {described(item)}"
        case inspect.TupleType(item_types=items):
            return "a list of " + ", ".join(described(item) for item in items)
        case inspect.DictType(value_type=value, max_length=most):
            return f"a mapping from names{_at_most(most)}, each value {described(value)}"
        case inspect.MemoryViewType():
            return "bytes, or float32 or uint8 in one dimension without gaps"
        case inspect.StructType(fields=fields) | inspect.DataclassType(fields=fields):
            return "an object with " + ", ".join(field.name for field in fields)
    return "any value"


def _at_most(most: int | None) -> str:
    return "" if most is None else f" of at most {most}"


def _range(low: float | None, high: float | None, above: float | None, below: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    bounds = (("{:g} or more", low), ("{:g} or less", high), ("above {:g}", above), ("below {:g}", below))
    stated = " and ".join(words.format(bound) for words, bound in bounds if bound is not None)
    return f", {stated}" if stated else ""


def _check(name: str, hint: object, info: inspect.Type) -> Check:
    optional = isinstance(info, inspect.UnionType) and info.includes_none
    kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)] if optional else [info]  # type: ignore[attr-defined]
    kind = kinds[0]
    allowed = described(info)
    if isinstance(kind, inspect.Metadata):
        return Check(name, allowed, _any_float, optional)
    if len(kinds) > 1:
        return Check(name, allowed, _converted(hint), optional)
    match kind:
        case inspect.FloatType(ge=low, le=high):
            return Check(name, allowed, _number(low, high), optional)
        case inspect.IntType(ge=low, le=high):
            return Check(name, allowed, _whole(low, high), optional)
        case inspect.StrType(min_length=least, max_length=most):
            return Check(name, allowed, _text(least or 0, most or sys.maxsize), optional)
        case inspect.LiteralType(values=values):
            return Check(name, allowed, _choice(frozenset(values)), optional)
        case inspect.MemoryViewType():
            return Check(name, allowed, _packed, optional)
        case inspect.DictType(value_type=inspect.MemoryViewType(), max_length=most):
            return Check(name, allowed, _packed_by_name(most or sys.maxsize), optional)
    return Check(name, allowed, _converted(hint, kind), optional)


def _any_float(value: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, (str, bytes, bool)):
        raise ValueError
    return float(value)


def _number(low: float | None, high: float | None) -> Callable[[Any], float]:
    least = -math.inf if low is None else low
    most = math.inf if high is None else high

    def legal(value: Any) -> float:
        number = _any_float(value)
        if not (least <= number <= most) or not math.isfinite(number):
            raise ValueError
        return number

    return legal


def _whole(low: int | None, high: int | None) -> Callable[[Any], int]:
    def legal(value: Any) -> int:
        if isinstance(value, bool):
            raise ValueError
        number = operator.index(value)
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError
        return number

    return legal


def _text(least: int, most: int) -> Callable[[Any], str]:
    def legal(value: Any) -> str:
        if not isinstance(value, str) or not least <= len(value) <= most:
            raise ValueError
        if not value.isascii():
            value.encode()  # Half a surrogate pair cannot travel: it is a ValueError here.
        return value

    return legal


def _choice(choices: frozenset[Any]) -> Callable[[Any], Any]:
    def legal(value: Any) -> Any:
        if value not in choices:
            raise ValueError
        return value

    return legal


def _packed(value: Any) -> memoryview:
    view = memoryview(value)
    if view.ndim != 1 or not view.c_contiguous or view.format not in {"B", "f"}:
        raise ValueError
    return view.cast("B").toreadonly()


def _packed_by_name(most: int) -> Callable[[Any], dict[str, memoryview]]:
    name = _text(1, LONGEST_NAME)

    def legal(value: Any) -> dict[str, memoryview]:
        if not isinstance(value, dict) or len(value) > most:
            raise ValueError
        return {name(key): _packed(each) for key, each in value.items()}

    return legal


def _converted(hint: object, kind: inspect.Type | None = None) -> Callable[[Any], Any]:
    known = {inspect.VarTupleType: tuple, inspect.DictType: dict}
    own = known.get(type(kind)) if kind is not None else None

    def legal(value: Any) -> Any:
        # Converting costs as much as all numbers of an event together, and most lists are left out.
        if type(value) is own and not value:
            return value
        converted: Any = msgspec.convert(value, hint, str_keys=True)
        _refuse_unsendable(converted)
        return converted

    return legal


def _refuse_unsendable(value: object) -> None:
    match value:
        case float() if not math.isfinite(value):
            raise ValueError
        case str() if not value.isascii():
            value.encode()
        case tuple():
            for item in value:
                _refuse_unsendable(item)
        case dict():
            for key, item in value.items():
                _refuse_unsendable(key)
                _refuse_unsendable(item)
