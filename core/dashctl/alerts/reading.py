"""The rules as a person writes them: a TOML file.

Rules: the first thing that is wrong is one line naming file, rule, field, value and what is allowed; each
field has one reader; what is left out has a default that is stated in docs/alerts.md.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite
from pathlib import Path
from string import Formatter
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

import msgspec

from dashctl.alerts.hosts import FIELDS
from dashctl.alerts.receivers import Webhook
from dashctl.alerts.rules import (
    About,
    Behind,
    Cause,
    Condition,
    Mode,
    NotFinite,
    Pattern,
    Plateau,
    Rule,
    Span,
    Stalled,
    Threshold,
    Unit,
    check_pattern,
)
from dashctl.errors import UsageError
from dashctl.events import Severity
from dashctl.validation import shown

T = TypeVar("T")

CLEAR_FOR: Final = Span(30.0)
"""So long a cause must be away unless a rule says otherwise."""
MOST_RULES: Final = 200
PLACES: Final = ("metric", "run", "value", "step", "rule", "host")
"""What a message may have in braces."""

_SPAN: Final = re.compile(r"([0-9.eE+]+) ?(s|sec|seconds?|min|minutes?|h|hours?|steps?|values?)", re.ASCII)
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3_600.0}
_CONDITION: Final = re.compile(r"(>=|<=|!=|>|<|=)?\s*(.*)", re.DOTALL)
_COMMON: Final = ("name", "kind", "metric", "run", "config", "host", "field", "severity", "message")
_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "threshold": ("above", "below", "clear_below", "clear_above", "for", "clear_for"),
    "nan": ("for", "clear_for"),
    "stalled": ("seconds", "clear_for"),
    "plateau": ("over", "mode", "min_delta", "clear_for"),
    "behind": ("baseline", "margin", "clear_margin", "mode", "for", "clear_for"),
}
_SPANS: Final = 'seconds or a text such as "90 s", "5 min", "100 steps" or "3 values"'


class Configuration(NamedTuple):
    """All that the file says."""

    rules: tuple[Rule, ...]
    webhook: Webhook | None


def read_file(path: Path) -> Configuration:
    """What a file says. Raises UsageError for the first thing in it that is not as it has to be."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such file; `dashctl alerts check --help` shows one to begin with"
        ) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: cannot be read: it is not UTF-8") from None
    return read_text(text, str(path))


def read_text(text: str, place: str) -> Configuration:
    """As `read_file`; `place` is how messages name it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place}: not TOML: {error}") from None
    for name in tables:
        if name not in {"rule", "webhook"}:
            raise UsageError(f"{place}: [{name}]: no such table; expected [[rule]] or [webhook]")
    rules = _rules(tables.get("rule", []), place)
    webhook = _webhook(_Table(f"{place}: webhook", tables["webhook"])) if "webhook" in tables else None
    return Configuration(rules, webhook)


class _Table:
    """The fields of one table, and the place that errors name."""

    def __init__(self, place: str, fields: object) -> None:
        if not isinstance(fields, Mapping):
            raise UsageError(f"{place}: {shown(fields)} is not allowed; expected a table")
        self.place = place
        self.fields = cast("Mapping[str, Any]", fields)

    def wrong(self, field: str, allowed: str) -> UsageError:
        if field not in self.fields:
            return UsageError(f"{self.place}: {field}: missing; expected {allowed}")
        value = shown(self.fields[field])
        return UsageError(f"{self.place}: {field}: {value} is not allowed; expected {allowed}")

    def get(self, field: str, read: Callable[[Any], T], allowed: str, default: T | None = None) -> T:
        """A field as it is read; without a default it has to be there."""
        if field not in self.fields and default is not None:
            return default
        try:
            return read(self.fields[field])
        except (ValueError, TypeError, KeyError):
            raise self.wrong(field, allowed) from None

    def only(self, known: tuple[str, ...]) -> None:
        for field in self.fields:
            if field not in known:
                raise UsageError(f"{self.place}: {field}: no such field; expected some of {', '.join(known)}")


def _rules(tables: object, place: str) -> tuple[Rule, ...]:
    if not isinstance(tables, list):
        raise UsageError(
            f"{place}: rule: {shown(tables)} is not allowed; expected tables [[rule]], each in two brackets"
        )
    if len(tables) > MOST_RULES:
        raise UsageError(
            f"{place}: rule: {len(tables)} tables are not allowed; expected at most {MOST_RULES}"
        )
    rules: dict[str, Rule] = {}
    for number, fields in enumerate(tables, 1):
        table = _Table(f"{place}: rule {number}", fields)
        name = table.get("name", _name, "a text of 1 to 100 characters without a colon")
        rule = _rule(name, _Table(f"{place}: rule {name!r}", fields))
        if name in rules:
            raise UsageError(f"{place}: rule {number}: name: {name!r} is taken; expected one of its own")
        rules[name] = rule
    return tuple(rules.values())


def _rule(name: str, table: _Table) -> Rule:
    kind = table.get("kind", _one_of(tuple(_OWN)), f"one of {', '.join(_OWN)}")
    table.only((*_COMMON, *_OWN[kind]))
    about = _about(table)
    rule = Rule(
        name,
        about,
        _CAUSES[kind](table),
        cast(
            "Severity",
            table.get("severity", _one_of(("info", "warning", "critical")), _SEVERITIES, "warning"),
        ),
        _span(table, "for", Span()),
        _span(table, "clear_for", Span() if kind in {"stalled", "plateau"} else CLEAR_FOR),
        table.get("message", _message, _MESSAGES, ""),
    )
    _check_spans(rule, table)
    return rule


def _check_spans(rule: Rule, table: _Table) -> None:
    """A host's numbers have no steps."""
    over = rule.cause.over if isinstance(rule.cause, Plateau) else Span()
    for field, span in (("for", rule.hold), ("clear_for", rule.clear), ("over", over)):
        if span.unit == "steps" and rule.about.field:
            raise table.wrong(field, "seconds or values: hosts have no steps")
    if isinstance(rule.cause, Behind) and rule.about.field:
        raise table.wrong("kind", "threshold, stalled or plateau for hosts")


def _about(table: _Table) -> About:
    pattern = 'a glob such as "*loss*", or a regex such as "/loss$/"'
    host = table.get("host", _pattern, pattern) if "host" in table.fields else None
    field = table.get("field", _one_of(FIELDS), f"one of {', '.join(FIELDS)}", "")
    if host is not None and not field:
        raise table.wrong("field", f"one of {', '.join(FIELDS)}")
    if field and "metric" in table.fields:
        raise UsageError(f"{table.place}: metric: a rule with a field is about hosts; expected one of both")
    return About(
        table.get("metric", _pattern, pattern, Pattern("*")),
        table.get("run", _pattern, pattern, Pattern("*")),
        _conditions(table),
        (host or Pattern("*")) if field else None,
        field,
    )


def _threshold(table: _Table) -> Cause:
    above = "above" in table.fields
    if above == ("below" in table.fields):
        raise UsageError(f"{table.place}: above, below: expected one of both")
    name, other = ("above", "clear_below") if above else ("below", "clear_above")
    wrong = "clear_above" if above else "clear_below"
    if wrong in table.fields:
        raise UsageError(
            f"{table.place}: {wrong}: goes with {'below' if above else 'above'}; expected {other}"
        )
    limit = table.get(name, _number, "a number")
    clear = table.get(other, _number, "a number", limit)
    if (clear > limit) if above else (clear < limit):
        raise table.wrong(other, f"a number {'up to' if above else 'from'} {limit:g}, which is {name}")
    return Threshold(limit, clear, above)


def _stalled(table: _Table) -> Cause:
    return Stalled(table.get("seconds", _positive, "seconds above 0"))


def _plateau(table: _Table) -> Cause:
    over = _span(table, "over", None)
    if over.amount <= 0:
        raise table.wrong("over", "more than 0")
    delta = table.get("min_delta", _from_zero, "a number, 0 or more", 0.0)
    return Plateau(over, _mode(table), delta)


def _behind(table: _Table) -> Cause:
    margin = table.get("margin", _from_zero, "a number, 0 or more")
    clear = table.get("clear_margin", _number, "a number", margin)
    if clear > margin:
        raise table.wrong("clear_margin", f"a number up to {margin:g}, which is margin")
    return Behind(table.get("baseline", _text, "the name of a run"), _mode(table), margin, clear)


_CAUSES: Final[Mapping[str, Callable[[_Table], Cause]]] = {
    "threshold": _threshold,
    "nan": lambda table: NotFinite(),
    "stalled": _stalled,
    "plateau": _plateau,
    "behind": _behind,
}
_SEVERITIES: Final = "one of info, warning, critical"
_MESSAGES: Final = f"a text with none but {', '.join(f'{{{place}}}' for place in PLACES)} in braces"


def _webhook(table: _Table) -> Webhook:
    table.only(("url", "format", "header", "token_env", "token_file", "timeout"))
    url = table.get("url", _url, "http://HOST… or https://HOST… without a password")
    kind = table.get("format", _one_of(("alertmanager", "webhook")), "alertmanager or webhook")
    header = table.get("header", _header, "the name of a header, as Authorization", "Authorization")
    env = table.get("token_env", _text, "the name of a variable of the environment", "")
    file = table.get("token_file", _text, "a path", "")
    if env and file:
        raise UsageError(f"{table.place}: token_env, token_file: expected one of both")
    timeout = table.get("timeout", _timeout, "seconds from 0.1 to 60", 10.0)
    return Webhook(url, cast("Any", kind), header, env, file, timeout)


def _span(table: _Table, field: str, default: Span | None) -> Span:
    return table.get(field, _read_span, _SPANS, default)


def _mode(table: _Table) -> Mode:
    return cast("Mode", table.get("mode", _one_of(("min", "max")), "min or max", "min"))


def _read_span(value: Any) -> Span:
    if not isinstance(value, str):
        return Span(_from_zero(value))
    found = _SPAN.fullmatch(value.strip())
    if found is None:
        raise ValueError
    amount, word = _from_zero(float(found[1])), found[2]
    if word.startswith(("step", "value")):
        unit: Unit = "steps" if word.startswith("step") else "values"
        return Span(amount, unit)
    return Span(amount * _SECONDS[word[0]])


def _name(value: Any) -> str:
    if len(_text(value)) > 100 or ":" in value:
        raise ValueError
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError
    return float(value)


def _from_zero(value: Any) -> float:
    if _number(value) < 0:
        raise ValueError
    return float(value)


def _positive(value: Any) -> float:
    if _number(value) <= 0:
        raise ValueError
    return float(value)


def _timeout(value: Any) -> float:
    if not 0.1 <= _number(value) <= 60:
        raise ValueError
    return float(value)


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return read


def _pattern(value: Any) -> Pattern:
    try:
        check_pattern(_text(value))
    except UsageError:
        raise ValueError from None
    return Pattern(value)


def _conditions(table: _Table) -> tuple[Condition, ...]:
    if not isinstance(table.fields.get("config", {}), Mapping):
        raise table.wrong("config", 'a table such as { lr = ">= 1e-3", model = "lstm*" }')
    config = _Table(f"{table.place}: config", table.fields.get("config", {}))
    allowed = 'a value, a glob, or a relation and a number such as ">= 1e-3"'
    return tuple(config.get(key, partial(_condition, key), allowed) for key in config.fields)


def _condition(key: str, wanted: Any) -> Condition:
    if isinstance(wanted, bool):
        return Condition(key, "=", str(wanted).lower())
    if isinstance(wanted, int | float):
        return Condition(key, "=", _number(wanted))
    found = _CONDITION.fullmatch(_text(wanted))
    assert found is not None
    relation, text = found[1] or "=", found[2].strip()
    if relation in {"=", "!="}:
        return Condition(key, relation, text)
    return Condition(key, relation, _number(float(text)))


def _message(value: Any) -> str:
    for _, place, layout, conversion in Formatter().parse(_text(value)):
        if place is not None and (place not in PLACES or layout or conversion):
            raise ValueError
    return str(value)


def _url(value: Any) -> str:
    parts = urlsplit(_text(value))
    wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    # A password would stand in the file for all to read, and in what is logged on the way.
    if wrong or parts.username is not None or not value.isascii() or " " in value:
        raise ValueError
    return str(value)


def _header(value: Any) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", _text(value)):
        raise ValueError
    return str(value)


def as_plain(rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """Rules for programs, in plain values."""
    return [
        {
            "name": rule.name,
            "severity": rule.severity,
            "rule": rule.described(),
            **msgspec.to_builtins(rule.about),
        }
        for rule in rules
    ]
