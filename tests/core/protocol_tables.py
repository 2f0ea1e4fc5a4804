"""The tables of docs/protocol.md that follow from the classes of the messages.

`python -m tests.core.protocol_tables` writes them into the document anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
from msgspec import inspect as types

from dashctl.bus import messages
from dashctl.events import EVENT_TYPES

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"
TABLES = ("requests", "replies", "structures")


def table(name: str) -> str:
    """One table, in Markdown."""
    match name:
        case "requests":
            return _messages("ask", get_args(messages.AnyRequest))
        case "replies":
            return _messages("answer", get_args(messages.AnyReply))
        case _:
            return _structures()


def between(document: str, name: str) -> str:
    """What the document has in the place of a table."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", document, re.DOTALL)
    assert found, name
    return found[1]


def _messages(tag: str, classes: tuple[type[msgspec.Struct], ...]) -> str:
    rows = [f"| `{tag}` | further fields | what it says |", "|---|---|---|"]
    for cls in classes:
        fields = [field for field in _info(cls).fields if field.name != "id"]
        shown = "; ".join(f"`{field.encode_name}` {_named(field.type)}" for field in fields)
        rows.append(f"| `{cls.__struct_config__.tag}` | {shown} | {_said(cls)} |")
    return "\n".join(rows) + "\n"


def _structures() -> str:
    rows = ["| structure | fields |", "|---|---|"]
    seen: dict[type, types.StructType] = {}
    for cls in (*get_args(messages.AnyRequest), *get_args(messages.AnyReply)):
        for inner in _inside(_info(cls)):
            seen.setdefault(_origin(inner.cls), inner)
    for cls, info in sorted(seen.items(), key=lambda item: item[0].__name__):
        fields = "; ".join(f"`{field.encode_name}` {_named(field.type)}" for field in info.fields)
        form = "array of " if info.array_like else ""
        rows.append(f"| {cls.__name__} | {form}{fields} |")
    return "\n".join(rows) + "\n"


def _origin(cls: Any) -> type:
    """The class of a generic one."""
    origin: type = get_origin(cls) or cls
    return origin


def _info(cls: type[msgspec.Struct]) -> types.StructType:
    info = types.type_info(cls)
    assert isinstance(info, types.StructType)
    return info


def _inside(info: types.Type) -> Iterator[types.StructType]:
    """The structures that a type is made of, events left out."""
    match info:
        case types.StructType(cls=cls, fields=fields):
            if cls in EVENT_TYPES:
                return
            if not issubclass(_origin(cls), messages.Request | messages.Reply):
                yield info
            for field in fields:
                yield from _inside(field.type)
        case types.UnionType(types=members):
            for member in members:
                yield from _inside(member)
        case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
            yield from _inside(item)
        case types.DictType(value_type=value):
            yield from _inside(value)


def _named(info: types.Type) -> str:
    match info:
        case types.StructType(cls=cls):
            return "event" if cls in EVENT_TYPES else _origin(cls).__name__
        case types.UnionType(types=members):
            names = [_named(member) for member in members]
            return " or ".join(dict.fromkeys([name for name in names if name != "nil"] + names))
        case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
            return f"list of {_named(item)}"
        case types.DictType(value_type=value):
            return f"map of text to {_named(value)}"
        case types.BytesType() | types.MemoryViewType():
            return "bytes"
        case types.StrType():
            return "text"
        case types.NoneType():
            return "nil"
    return type(info).__name__.removesuffix("Type").lower()


def _said(cls: type[Any]) -> str:
    return " ".join((cls.__doc__ or "").split())


def main() -> None:
    """Write the tables into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in TABLES:
        text = text.replace(
            f"<!-- {name} -->\n{between(text, name)}<!-- end -->",
            f"<!-- {name} -->\n{table(name)}<!-- end -->",
        )
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
