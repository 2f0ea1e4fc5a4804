"""A CSV file per event type (RFC 4180, UTF-8, a header line).

Rules: a missing value is empty, NaN and infinities are nan, inf and -inf, truth values true and false;
what is no single value is a JSON text. Numbers have all their digits.
"""

import csv
from pathlib import Path
from typing import Any, Final, TextIO

from dashctl.events import Event
from dashctl.recording.export.columns import OWN, columns_of, json_text, numbers
from dashctl.recording.export.source import Row

_WORDS: Final = {True: "true", False: "false"}


class CsvTables:
    """A folder of tables, one for each event type that occurs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[type[Event], _Table] = {}

    def add(self, row: Row) -> None:
        """Take one row."""
        cls = type(row.item.event)
        table = self._tables.get(cls)
        if table is None:
            table = self._tables[cls] = _Table(cls, self._folder / f"{cls.type_name()}.csv")
        table.add(row)

    def close(self) -> None:
        """End the files."""
        for table in self._tables.values():
            table.file.close()
        self._tables = {}


class _Table:
    def __init__(self, cls: type[Event], path: Path) -> None:
        self._names = [column.name for column in columns_of(cls)]
        self.file: TextIO = path.open("w", encoding="utf-8", newline="")
        self._write = csv.writer(self.file).writerow
        self._write([*OWN, *self._names])

    def add(self, row: Row) -> None:
        event = row.item.event
        fields = [_cell(getattr(event, name)) for name in self._names]
        self._write([row.item.time, row.item.run, row.arrived, *fields])


def _cell(value: Any) -> Any:
    """csv writes numbers with `repr`, which has all their digits, and None as nothing."""
    match value:
        case bool():
            return _WORDS[value]
        case None | float() | int() | str():
            return value
        case memoryview():
            return json_text(numbers(value, in_event=True))
    return json_text(_unpacked(value, in_event=True))


def _unpacked(value: Any, *, in_event: bool) -> Any:
    match value:
        case memoryview():
            return numbers(value, in_event=in_event)
        case tuple():
            return [_unpacked(each, in_event=in_event) for each in value]
        case dict():
            return {key: _unpacked(each, in_event=in_event) for key, each in value.items()}
    fields = getattr(value, "__struct_fields__", None)
    if fields is None:
        return value
    return {name: _unpacked(getattr(value, name), in_event=False) for name in fields}
