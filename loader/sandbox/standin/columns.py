"""Map Parquet columns to the wire: SQL to read a column, its Arrow type, its pandas type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa

from graphapi.errors import StandinError
from loader.work.duck import identifier

if TYPE_CHECKING:
    from pathlib import Path

Kind: TypeAlias = Literal["integer", "float", "boolean", "string", "time", "position"]

_AXIS = re.compile(r"(.+_position)_([xyz])")


@dataclass(frozen=True)
class Column:
    """One column of a table as the server sees it; a position is one column.

    Attributes
    ----------
    name
        Name in requests.
    kind
        Kind of values.
    parts
        Its places in the file: one, or three for a position. A place is a column and, for a
        list, the number of the element, counted from 1.
    bits
        Width of served whole numbers and floats: 32 or 64.
    """

    name: str
    kind: Kind
    parts: tuple[tuple[str, int | None], ...]
    bits: int = 64

    def sql(self, relation: str) -> tuple[str, ...]:
        """Return an SQL expression for each part, in terms of a relation's alias."""
        return tuple(
            f"{relation}.{identifier(name)}" + ("" if element is None else f"[{element}]")
            for name, element in self.parts
        )

    def output_names(self, suffix: str = "") -> tuple[str, ...]:
        """Return the names of its parts in an answer."""
        if self.kind == "position":
            return tuple(f"{self.name}{suffix}_{axis}" for axis in "xyz")
        return (self.name + suffix,)

    @property
    def is_segmentation(self) -> bool:
        """Return whether it holds root ids or supervoxel ids."""
        return self.name.endswith(("_root_id", "_supervoxel_id"))

    @property
    def sql_type(self) -> str:
        """Return the name of its type in the real server's messages."""
        if self.kind == "integer":
            return "BigInteger" if self.bits == 64 else "Integer"
        return {
            "float": "Float",
            "boolean": "Boolean",
            "string": "String",
            "time": "DateTime",
            "position": "Geometry",
        }[self.kind]


def served_type(kind: Kind, bits: int) -> tuple[pa.DataType, str]:
    """Return the Arrow type and the pandas extension type of a served column."""
    match kind:
        case "integer" | "position":
            return (pa.int64(), "Int64") if bits == 64 else (pa.int32(), "Int32")
        case "float":
            return (pa.float64(), "Float64") if bits == 64 else (pa.float32(), "Float32")
        case "boolean":
            return pa.bool_(), "boolean"
        case "string":
            return pa.string(), "string"
        case "time":
            return pa.timestamp("ns", tz="UTC"), "datetime64[ns, UTC]"


def read_columns(schema: pa.Schema, path: Path, *, wide: bool = False) -> dict[str, Column]:
    """Read a file's columns and join split positions; `deleted` is never served.

    Parameters
    ----------
    schema
        Schema of the file.
    path
        Path of the file, for messages.
    wide
        Always serve numbers in 64 bits, as views do.

    Raises
    ------
    StandinError
        A column has a type that no CAVE table has.
    """
    columns: dict[str, Column] = {}
    split = _split_positions(schema)
    for entry in schema:
        axis = _AXIS.fullmatch(entry.name)
        if entry.name == "deleted" or (axis and axis[1] in split and axis[2] != "x"):
            continue
        if axis and axis[1] in split:
            parts = tuple((f"{axis[1]}_{letter}", None) for letter in "xyz")
            columns[axis[1]] = Column(axis[1], "position", parts, bits=32)
        else:
            columns[entry.name] = _column(entry, path, wide=wide)
    return columns


def _split_positions(schema: pa.Schema) -> set[str]:
    numbers = {entry.name for entry in schema if _is_number(entry.type)}
    stems = {match[1] for match in map(_AXIS.fullmatch, numbers) if match}
    return {stem for stem in stems if {f"{stem}_{axis}" for axis in "xyz"} <= numbers}


def _column(entry: pa.Field, path: Path, *, wide: bool) -> Column:
    name, kind = entry.name, entry.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    here = ((name, None),)
    if pa.types.is_null(kind):
        return Column(name, "integer", here)
    if pa.types.is_integer(kind):
        fits = kind.bit_width < 32 or kind == pa.int32()
        return Column(name, "integer", here, bits=32 if fits and not wide else 64)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        # The real server's tables hold doubles here, but it sends 32 bits.
        return Column(name, "float", here, bits=64 if wide else 32)
    if pa.types.is_boolean(kind):
        return Column(name, "boolean", here)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return Column(name, "string", here)
    if pa.types.is_timestamp(kind):
        return Column(name, "time", here)
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if any(test(kind) for test in lists) and _is_number(kind.value_type):
        parts = tuple((name, element) for element in (1, 2, 3))
        return Column(name, "position", parts, bits=32)
    raise StandinError(
        f"{path}: column '{name}' is {kind}, which CAVE tables do not support",
        hint="use whole numbers, floats, booleans, strings, UTC times, or lists [x, y, z]",
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
