"""A plain typed function as something that can be called from another process.

Rules: the annotation of a parameter is the only place that says what it allows, as with events; what
cannot be called that way is refused when it is declared, not when it is called.
"""

import inspect as python
from collections.abc import Callable, Mapping
from typing import Any, Final, get_type_hints

import msgspec
from msgspec import inspect

from dashctl.bus.invocation import Invocation
from dashctl.bus.messages import Method, Parameter
from dashctl.errors import BadArguments, UsageError
from dashctl.validation import Check, checks_of, sendable, shown

_BY_NAME: Final = (python.Parameter.POSITIONAL_OR_KEYWORD, python.Parameter.KEYWORD_ONLY)
_LONGEST_SUMMARY: Final = 400


class TypedMethod:
    """A function with a description, and a check of what it is given.

    Raises UsageError for a function that cannot be called by name with values that travel.
    """

    def __init__(self, service: str, function: Callable[..., Any]) -> None:
        self.name = getattr(function, "__name__", type(function).__name__)
        self._place = f"{service}.{self.name}"
        self._function = function
        hints = self._hints(function)
        declared = [each for each in self._parameters(function) if hints.get(each.name) is not Invocation]
        self._invocation = next((name for name, hint in hints.items() if hint is Invocation), None)
        self._hint_of = {each.name: hints.get(each.name, Any) for each in declared}
        self._check_of = self._checks()
        self._required = {each.name for each in declared if each.default is python.Parameter.empty}
        self.described = Method(self.name, tuple(map(self._described, declared)), _summary(function))

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the function is to be called with. Raises BadArguments naming argument, value and what is
        allowed."""
        for name in given:
            if name not in self._check_of:
                expected = f"expected {', '.join(self._check_of)}" if self._check_of else "it takes none"
                raise BadArguments(f"{self._place}.{name}: no such argument; {expected}")
        for name, check in self._check_of.items():
            if name in self._required and name not in given:
                raise BadArguments(f"{self._place}.{name}: missing; expected {_allowed(check)}")
        return {name: self._legal(name, value) for name, value in given.items()}

    def call(self, arguments: dict[str, Any], invocation: Invocation) -> Any:
        """Call the function. Raises what it raises."""
        own = {} if self._invocation is None else {self._invocation: invocation}
        return self._function(**arguments, **own)

    def _legal(self, name: str, value: Any) -> Any:
        check = self._check_of[name]
        if value is None and check.optional:
            return None
        try:
            # The second knows what the first leaves out: patterns, multiples, what is to be exceeded.
            return msgspec.convert(check.legal(value), self._hint_of[name], str_keys=True)
        except (TypeError, ValueError, OverflowError):
            text = f"{self._place}.{name}: {shown(value)} is not allowed; expected {_allowed(check)}"
            raise BadArguments(text) from None

    def _hints(self, function: Callable[..., Any]) -> dict[str, Any]:
        try:
            hints = get_type_hints(function, include_extras=True)
        except (NameError, TypeError) as error:
            raise UsageError(f"{self._place}: its annotations cannot be read ({error})") from None
        hints.pop("return", None)
        return hints

    def _parameters(self, function: Callable[..., Any]) -> list[python.Parameter]:
        parameters = list(python.signature(function).parameters.values())
        for each in parameters:
            if each.kind not in _BY_NAME:
                raise UsageError(f"{self._place}: {each} cannot be given by name; expected plain parameters")
        return parameters

    def _checks(self) -> dict[str, Check]:
        try:
            # A Struct's annotations are what events are checked by: one with these parameters as fields.
            fields = msgspec.defstruct("Arguments", list(self._hint_of.items()))
            for field in inspect.type_info(fields).fields:  # type: ignore[attr-defined]
                self._refuse_foreign(field.name, field.type)
            return {check.name: check for check in checks_of(fields)}
        except TypeError as error:
            raise UsageError(f"{self._place}: its annotations cannot be checked ({error})") from None

    def _refuse_foreign(self, name: str, kind: inspect.Type) -> None:
        if isinstance(kind, inspect.CustomType):
            raise UsageError(
                f"{self._place}.{name}: {kind.cls.__name__} cannot travel; expected numbers, texts, lists,"
                " mappings, Structs or dataclasses of them"
            )

    def _described(self, parameter: python.Parameter) -> Parameter:
        check = self._check_of[parameter.name]
        hint = inspect.type_info(self._hint_of[parameter.name])
        return Parameter(parameter.name, _allowed(check), parameter.name in self._required, _is_text(hint))


def _allowed(check: Check) -> str:
    return f"{check.allowed}, or null" if check.optional else check.allowed


def _is_text(kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType():
            return True
        case inspect.LiteralType(values=values):
            return all(isinstance(value, str) for value in values)
        case inspect.EnumType(cls=cls):
            return all(isinstance(member.value, str) for member in cls)
        case inspect.UnionType(types=types):
            return any(map(_is_text, types))
        case inspect.Metadata(type=inner):
            return _is_text(inner)
    return False


def _summary(function: Callable[..., Any]) -> str:
    lines = (python.getdoc(function) or "").strip().splitlines()
    return sendable(lines[0], _LONGEST_SUMMARY) if lines else ""
