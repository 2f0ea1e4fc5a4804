"""A Parquet file per event type, with typed columns.

Rules: a part of the rows is held until it is written as a row group, by number and by bytes; a missing
value is null, NaN stays NaN.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
from msgspec import inspect
from pyarrow import parquet

from dashctl.events import Event, PointCloud
from dashctl.recording.export.columns import OWN, bare, columns_of, json_text, numbers
from dashctl.recording.export.source import Row

ROWS: Final = 50_000
"""Rows of a row group at most."""
BYTES: Final = 32 * 1024 * 1024
"""Bytes of clouds that wait at most."""


class ParquetTables:
    """A folder of tables, one for each event type that occurs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[type[Event], _Table] = {}

    def add(self, row: Row) -> None:
        """Take one row."""
        cls = type(row.item.event)
        table = self._tables.get(cls)
        if table is None:
            table = self._tables[cls] = _Table(cls, self._folder / f"{cls.type_name()}.parquet")
        table.add(row)

    def close(self) -> None:
        """Write what waits, and end the files."""
        for table in self._tables.values():
            table.close()
        self._tables = {}


class _Table:
    def __init__(self, cls: type[Event], path: Path) -> None:
        self._columns = columns_of(cls)
        own = [("time", pa.float64()), ("run", pa.string()), ("arrived", pa.float64())]
        fields = [(column.name, _arrow_type(column.type)) for column in self._columns]
        # A field that is called like one of ours would hide it.
        assert not {name for name, _ in fields} & set(OWN)
        self._schema = pa.schema(own + fields)
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Row] = []
        self._bytes = 0

    def add(self, row: Row) -> None:
        self._rows.append(row)
        event = row.item.event
        if isinstance(event, PointCloud):
            self._bytes += 3 * len(event.x)
        if len(self._rows) >= ROWS or self._bytes >= BYTES:
            self._write()

    def close(self) -> None:
        self._write()
        self._writer.close()

    def _write(self) -> None:
        rows, self._rows, self._bytes = self._rows, [], 0
        if not rows:
            return
        values: list[list[Any]] = [
            [row.item.time for row in rows],
            [row.item.run for row in rows],
            [row.arrived for row in rows],
        ]
        for column in self._columns:
            given = (getattr(row.item.event, column.name) for row in rows)
            values.append([_arrow_value(column.type, value) for value in given])
        arrays = [pa.array(each, field.type) for each, field in zip(values, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))


def _arrow_type(kind: inspect.Type, *, in_event: bool = True) -> Any:
    match kind:
        case inspect.FloatType():
            return pa.float64()
        case inspect.IntType():
            return pa.int64()
        case inspect.BoolType():
            return pa.bool_()
        case inspect.MemoryViewType():
            return pa.list_(pa.float32() if in_event else pa.uint8())
        case inspect.VarTupleType(item_type=item):
            return pa.list_(_arrow_type(bare(item), in_event=in_event))
        case inspect.DictType(value_type=value):
            return pa.map_(pa.string(), _arrow_type(bare(value), in_event=in_event))
        case inspect.StructType(fields=fields):
            return pa.struct([(each.name, _arrow_type(bare(each.type), in_event=False)) for each in fields])
    return pa.string()


def _arrow_value(kind: inspect.Type, value: Any, *, in_event: bool = True) -> Any:
    match kind, value:
        case _, None:
            return None
        case inspect.MemoryViewType(), _:
            return numbers(value, in_event=in_event)
        case inspect.VarTupleType(item_type=item), _:
            return [_arrow_value(bare(item), each, in_event=in_event) for each in value]
        case inspect.DictType(value_type=item), _:
            return [(key, _arrow_value(bare(item), each, in_event=in_event)) for key, each in value.items()]
        case inspect.StructType(fields=fields), msgspec.Struct():
            parts = {each.name: (bare(each.type), getattr(value, each.name)) for each in fields}
            return {name: _arrow_value(part, each, in_event=False) for name, (part, each) in parts.items()}
        case inspect.UnionType(), _:
            return json_text(value)
    return value
