"""What a person types to see less: a text, parsed into terms that all must hold.

Rules: parsing never fails, because a text works while it is being typed: a term that is wrong or not whole
yet is passed over, and `trouble` says so; only conditions look at a configuration, everything else at names;
case makes no difference; what is tried again and again is prepared once.

    text        := term (blank term)*
    term        := "!" term | "/" regex "/" | condition | word
    condition   := key (":" | "=" | "!=" | "<" | "<=" | ">" | ">=") value
    word        := characters, with "*" a glob for a whole name; `"` around blanks and all that has a meaning
"""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from math import inf
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from dashctl.events import Scalar

Configuration = Mapping[str, Scalar]

_LOOKED_AT: Final = 4096
"""Characters of a text that a regex is tried on: two `.*` take their square of steps."""
_FEW: Final = 8
"""So often something may be repeated that is of several lengths itself."""
_PIECE = re.compile(
    r"(?P<quantifier>(?:[*+?]|\{(?=[\d,])\d*,?\d*\})[?+]?)|(?P<open>\((?:\?(?:P<\w+>|[^\w\s]?[=!:>]|[a-zA-Z-]+:?))?)"
    r"|(?P<close>\))|(?P<bar>\|)|(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)",
    re.DOTALL,
)

_TERM = re.compile(r'(!*+)(?:(/(?:[^/]|/(?=\S))*/(?!\S)|/\S*)|((?:"[^"]*"?|[^\s"])+))?')
_CONDITION = re.compile(r'(?=[\w"*])((?:"[^"]*"|[^\s":=<>!])+)(>=|<=|!=|==|[=:<>])(.*)', re.DOTALL)
_ORDERED: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {">=": ge, "<=": le, ">": gt, "<": lt}
)


class Term(Protocol):
    """Something that holds of a thing or does not."""

    def holds(self, names: Sequence[str], config: Configuration | None) -> bool:
        """Whether it holds of the thing with these names; config is None for one that has none."""


class Text(msgspec.Struct, frozen=True):
    """A name has this in it; folded."""

    text: str

    def holds(self, names: Sequence[str], config: Configuration | None) -> bool:
        return any(self.text in name.casefold() for name in names)


class Glob(msgspec.Struct, frozen=True):
    """A whole name looks like this; the pattern is of a folded glob."""

    pattern: re.Pattern[str]

    def holds(self, names: Sequence[str], config: Configuration | None) -> bool:
        return any(self.pattern.match(name.casefold()) for name in names)


class Regex(msgspec.Struct, frozen=True):
    """The pattern is found in the first so many characters of a name."""

    pattern: re.Pattern[str]

    def holds(self, names: Sequence[str], config: Configuration | None) -> bool:
        return any(self.pattern.search(name, 0, _LOOKED_AT) for name in names)


class Condition(msgspec.Struct, frozen=True):
    """A value of the configuration compares so: `relation` is one of : = != < <= > >=.

    exact: the key as it was typed, which is meant before one in another case. A thing without a configuration
    passes. One whose configuration lacks the key passes where the text itself stands in a name, so that
    `12:03` and `loss=nan` find what says so.
    """

    exact: str
    key: "Text | Glob"
    relation: str
    value: "Text | Glob"
    number: float | None
    """The value, if it is one."""
    text: str
    """As it was typed, folded."""

    def holds(self, names: Sequence[str], config: Configuration | None) -> bool:
        if config is None:
            return True
        if self.exact in config:
            values = [config[self.exact]]
        else:
            values = [value for key, value in config.items() if _is(self.key, key)]
        if not values:
            return Text(self.text).holds(names, None)
        if self.relation == "!=":
            return not any(self._equals(value) for value in values)
        return any(self._compares(value) for value in values)

    def _compares(self, value: Scalar) -> bool:
        ordered = _ORDERED.get(self.relation)
        if ordered is None:
            return self._equals(value)
        number = _number(value)
        return number is not None and self.number is not None and ordered(number, self.number)

    def _equals(self, value: Scalar) -> bool:
        same = self.number is not None and _number(value) == self.number
        return same or _is(self.value, shown_scalar(value))


class Not(msgspec.Struct, frozen=True):
    """The other term does not hold; what a thing without a configuration is passed for, it is passed for."""

    term: Term

    def holds(self, names: Sequence[str], config: Configuration | None) -> bool:
        if config is None and isinstance(self.term, Condition):
            return True
        return not self.term.holds(names, config)


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, and its terms. trouble: what is wrong with it in one line, "" if nothing is."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    trouble: str = field(default="", compare=False)

    def shows(self, *names: str | None, config: Configuration | None = None) -> bool:
        """Whether all terms hold of a thing with these names."""
        if not self.terms:
            return True
        known = [name for name in names if name is not None]
        return all(term.holds(known, config) for term in self.terms)


def shown_scalar(value: Scalar) -> str:
    """A value of a configuration as it is typed: true, none, 0.001, lstm."""
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """The query that a text is. Never raises."""
    terms: list[Term] = []
    troubles: list[str] = []
    for negation, regex, word in _TERM.findall(text):
        term, trouble = _regex(regex) if regex else _condition(word) or (_word(word), "")
        if trouble:
            troubles.append(trouble)
        if term is not None:
            terms.append(Not(term) if len(negation) % 2 else term)
    return Query(text, tuple(terms), troubles[0] if troubles else "")


def _regex(typed: str) -> tuple[Term | None, str]:
    """`/pattern/`; without its last stroke it is tried as far as it goes."""
    whole = len(typed) > 1 and typed.endswith("/")
    pattern = typed[1:-1] if whole else typed[1:]
    if not pattern:
        return None, ""
    if _may_take_for_ever(pattern):
        return None, f"{typed} is passed over: what is repeated in it can itself be read in several ways"
    try:
        with warnings.catch_warnings():
            # Some patterns may mean something else one day: nothing to be said on the screen.
            warnings.simplefilter("ignore")
            found = Regex(re.compile(pattern, re.IGNORECASE))
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        return None, f"{typed} is no regex{'' if whole else ' yet'}, and passed over: {error}"
    return found, "" if whole else f"{typed} lacks its last /: tried as the regex {pattern}"


@dataclass(slots=True)
class _Group:
    """A group of a regex, as far as it was read: whether what it has can be read in several ways."""

    starts: list[str] = field(default_factory=lambda: [""])
    """What each alternative begins with."""
    varies: bool = False

    @property
    def several(self) -> bool:
        plain = all(start.isalnum() for start in self.starts)
        apart = len({start.casefold() for start in self.starts}) == len(self.starts)
        return self.varies or (len(self.starts) > 1 and not (plain and apart))


def _may_take_for_ever(pattern: str) -> bool:
    """Whether a repeated group can itself be read in several ways, as in `(a+)+` and `(a|a)*`.

    Then trying all of them takes twice as long with each character, and nothing can interrupt it.
    """
    groups, closed = [_Group()], None
    for piece in _PIECE.finditer(pattern):
        quantifier, text = piece["quantifier"], piece[0]
        if quantifier:
            if closed is not None and closed.several and _most(quantifier) > _FEW:
                return True
            groups[-1].varies = groups[-1].varies or not re.fullmatch(r"\{\d+\}", quantifier)
        elif piece["open"]:
            groups[-1].starts[-1] = groups[-1].starts[-1] or text
            groups.append(_Group())
            continue
        elif piece["bar"]:
            groups[-1].starts.append("")
        elif piece["close"] and len(groups) > 1:
            closed = groups.pop()
            groups[-1].varies = groups[-1].varies or closed.several
            continue
        else:
            groups[-1].starts[-1] = groups[-1].starts[-1] or text
        closed = None
    return False


def _most(quantifier: str) -> float:
    """How often it repeats at most."""
    if quantifier[0] != "{":
        return 1 if quantifier[0] == "?" else inf
    most = quantifier.rstrip("?+")[1:-1].rpartition(",")[2]
    return int(most[:9]) if most else inf


def _condition(typed: str) -> tuple[Term | None, str] | None:
    """`lr>=1e-3`, `model:lstm`; None if it is a word."""
    match = _CONDITION.fullmatch(typed)
    if match is None:
        return None
    key, relation, value = match.groups()
    number = _number(value.replace('"', ""))
    if not value:
        return None, f"{typed} lacks a value, and is passed over"
    if relation in _ORDERED and number is None:
        return None, f"{typed} is passed over: {value} is no number"
    relation = "=" if relation in {":", "=="} else relation
    shown = typed.replace('"', "").casefold()
    return Condition(key.replace('"', ""), _pattern(key), relation, _pattern(value), number, shown), ""


def _word(typed: str) -> Term | None:
    return _pattern(typed) if typed.replace('"', "") else None


def _pattern(typed: str) -> "Text | Glob":
    """A word, or a glob if there is a `*` in it that is not in quotes."""
    if '"' in typed or "*" not in typed:
        return Text(typed.replace('"', "").casefold())
    return Glob(re.compile(translate(typed.casefold().replace("[", "[[]"))))


def _is(wanted: "Text | Glob", text: str) -> bool:
    """Whether a text is all of what is wanted, not only some of it."""
    return wanted.holds([text], None) if isinstance(wanted, Glob) else wanted.text == text.casefold()


def _number(value: Scalar) -> float | None:
    """A number, or a text that is one."""
    if isinstance(value, bool) or value is None:
        return None
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return None
