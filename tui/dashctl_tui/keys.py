"""Actions with other keys: the section [keys] of the configuration.

Rules: an action is named as in the table of actions; one key means one thing wherever it can be pressed, so a
key that is taken is refused unless its action gets another one too.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from string import punctuation
from typing import Final

from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character

from dashctl.errors import UsageError
from dashctl_tui.actions import EVERY, Action
from dashctl_tui.scenes.viewport import Keycaps

_ALLOWED: Final = "keys with blanks between them, as in 'z ctrl+z f5 + space'"
_MODIFIERS: Final = ("ctrl+", "alt+", "shift+", "super+", "meta+", "hyper+")
_KNOWN: Final = frozenset(key.value for key in Keys if not key.value.startswith("<"))


def rebound(wanted: Mapping[str, str], actions: Sequence[Action] = EVERY) -> tuple[Action, ...]:
    """The actions, those that are wanted otherwise with their new keys.

    Raises UsageError for an action or a key that is none, and for a key that would mean two things.
    """
    names = [action.name for action in actions]
    for name in wanted:
        if name not in names:
            near = ", ".join(get_close_matches(name, names, 3, 0.5) or names)
            raise UsageError(f"[keys] {name}: no such action; expected one of {near}")
    changed = [_with_keys(one, wanted[one.name]) if one.name in wanted else one for one in actions]
    _check_each_means_one_thing(changed, wanted)
    return tuple(changed)


def usual_keys() -> Mapping[str, str]:
    """The keys of each action, as `rebound` takes them."""
    return {action.name: " ".join(map(_as_written, action.keys.split(","))) for action in EVERY}


def _as_written(key: str) -> str:
    return next((character for character in punctuation if _character_name(character) == key), key)


def keycaps(actions: Sequence[Action], scene: str) -> Keycaps:
    """What is written on the keys in one scene, after `rebound`."""
    usual = {action.name: action for action in EVERY if action.scene in {"", scene}}
    return Keycaps(
        tuple(
            (usual[action.name].shown.split()[0], action.shown)
            for action in actions
            if action.name in usual and action.keys != usual[action.name].keys
        )
    )


def _with_keys(action: Action, text: str) -> Action:
    names = [_textual_name(key) for key in text.split()]
    for key, name in zip(text.split(), names, strict=True):
        if name is None:
            raise UsageError(f"[keys] {action.name}: {key!r} is not allowed; expected {_ALLOWED}")
    if not names:
        raise UsageError(f"[keys] {action.name}: {text!r} is not allowed; expected {_ALLOWED}")
    return replace(action, keys=",".join(filter(None, names)), shown=text.split(maxsplit=1)[0])


def _textual_name(key: str) -> str | None:
    """What Textual calls a key, None for what is no key."""
    base = key
    while base.startswith(_MODIFIERS):
        base = base.partition("+")[2]
    if len(base) == 1 and base.isprintable():
        return key[: len(key) - 1] + _character_name(base)
    known = base in _KNOWN or key in _KNOWN or key_to_character(base) is not None
    return key if base and known else None


def _character_name(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _check_each_means_one_thing(actions: Sequence[Action], wanted: Mapping[str, str]) -> None:
    taken: dict[tuple[str, str], Action] = {}
    # The one that was asked for is the one to be named.
    for action in sorted(actions, key=lambda one: one.name in wanted):
        for place in _places(action, actions):
            for key in action.keys.split(","):
                other = taken.setdefault((place, key), action)
                if other is not action and {action.name, other.name} & wanted.keys():
                    raise UsageError(
                        f"[keys] {action.name}: {key!r} is the key of {other.name}; "
                        f"expected a key that is free, or another one for {other.name} too"
                    )


def _places(action: Action, actions: Sequence[Action]) -> Iterator[str]:
    """The scenes where an action can be done."""
    if action.scene:
        yield action.scene
    else:
        yield ""
        yield from {other.scene for other in actions if other.scene}
