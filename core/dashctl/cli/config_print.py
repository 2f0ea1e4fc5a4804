"""`dashctl config print`: every setting, its value, and where that comes from.

Rules: what is printed is a configuration file that sets the same; a setting that has no value is a comment; a
value that nothing sets stands behind a `#` as well, so that saving the text freezes nothing.
"""

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from typing import Any, Final

from dashctl.cli.parsing import Parser
from dashctl.settings import KEYS_SECTION, SETTINGS, Found, Setting, chosen_keys, found

DESCRIPTION: Final = (
    "Print every setting with its value, what is allowed, and where the value comes from:\n"
    "a variable, the configuration file, or the default. It is TOML, to be saved and edited."
)
EXAMPLES: Final = (
    "dashctl config print",
    'dashctl config print > "$(dashctl config path)"',
    "dashctl config print --json",
)


def add_arguments(parser: Parser) -> None:
    """Declare flags and arguments."""
    parser.add_argument("--json", action="store_true", help="as JSON: section, key, value, allowed, place")


def run(arguments: Namespace) -> int:
    """Print all settings."""
    all_found = [(one, found(one)) for one in SETTINGS]
    keys = chosen_keys()
    if arguments.json:
        settings = [
            {
                "section": one.section,
                "key": one.key,
                "value": each.value,
                "allowed": one.allowed,
                "variable": one.variable,
                "place": each.place,
            }
            for one, each in all_found
        ]
        print(json.dumps({"settings": settings, KEYS_SECTION: dict(keys)}, indent=2))
        return 0
    print("\n".join(_lines(all_found)))
    print(f"\n[{KEYS_SECTION}]\n# an action of the monitor and its keys, with blanks between them")
    for action, text in keys.items():
        print(f"{json.dumps(action)} = {json.dumps(text)}")
    for action, text in _usual_keys().items():
        if action not in keys:
            print(f"# {action} = {json.dumps(text, ensure_ascii=False)}")
    return 0


def _usual_keys() -> Mapping[str, str]:
    """Nothing without the monitor."""
    if find_spec("textual") is None:
        return {}
    usual: Mapping[str, str] = import_module("dashctl_tui.keys").usual_keys()
    return usual


def _lines(settings: list[tuple[Setting[Any], Found[Any]]]) -> Iterator[str]:
    ordered = sorted(settings, key=lambda pair: pair[0].section)
    for number, (section, members) in enumerate(groupby(ordered, key=lambda pair: pair[0].section)):
        if number:
            yield ""
        yield f"[{section}]"
        for one, each in members:
            value = "" if each.value is None else json.dumps(each.value)
            off = "# " if each.value is None or each.place == "default" else ""
            yield f"# {one.allowed}; {each.place}"
            yield f"{off}{one.key} = {value}".rstrip()
