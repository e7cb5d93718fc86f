"""Join the pieces of an answer, and reconcile their column types and order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphapi.errors import CaveResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_answer(body: bytes) -> pa.Table:
    """Read the body of an answer.

    Returns
    -------
    pyarrow.Table
        Types as sent. The pandas metadata in the schema is dropped, because it would change id
        columns later.

    Raises
    ------
    pyarrow.ArrowException, OSError
        The body is not a whole Arrow stream.
    """
    with pa.ipc.open_stream(body) as reader:
        table = reader.read_all()
    table.validate(full=True)
    return table.replace_schema_metadata(None)


def joined(tables: Sequence[pa.Table], where: str) -> pa.Table:
    """Concatenate answers of one table, sorted by `id`.

    The server infers a column's type from the rows of each answer, so a column without values
    may have a different type in one answer. Whole numbers never become floats.

    Raises
    ------
    CaveResponseError
        The answers do not have the same columns, or types that cannot be reconciled.
    """
    names = tables[0].column_names
    for table in tables:
        if table.column_names != names:
            raise CaveResponseError(
                f"{where}: answers to one query have different columns: "
                f"{sorted(set(names) ^ set(table.column_names)) or 'in another order'}"
            )
    schema = pa.schema(
        pa.field(name, _common_type([(t.column(i).type, t.num_rows) for t in tables], name, where))
        for i, name in enumerate(names)
    )
    return by_id(pa.concat_tables([table.cast(schema) for table in tables]))


def require_ids(table: pa.Table, where: str) -> None:
    """Raise an error if rows of an answer cannot be identified.

    Raises
    ------
    CaveResponseError
        There is no `id` column of whole numbers, or it has missing values.
    """
    if "id" not in table.column_names:
        raise CaveResponseError(f"{where}: the answer has no column 'id'")
    column = table["id"]
    if table.num_rows and (not pa.types.is_integer(column.type) or column.null_count):
        raise CaveResponseError(
            f"{where}: column 'id' has type {column.type} and {column.null_count} missing values"
        )


def by_id(table: pa.Table) -> pa.Table:
    """Sort rows by their `id`, which is unique."""
    order = np.argsort(table["id"].to_numpy(), kind="stable")
    return table.take(pa.array(order)).combine_chunks()


def repeated_ids(table: pa.Table) -> int:
    """Return how many rows repeat the id of another row."""
    return int(table.num_rows - pc.count_distinct(table["id"], mode="all").as_py())


def _common_type(seen: Sequence[tuple[pa.DataType, int]], column: str, where: str) -> pa.DataType:
    types = {kind for kind, _ in seen}
    if len(types) == 1:
        return types.pop()
    # An answer without rows, or without values, says nothing about a type.
    types = {kind for kind, rows in seen if rows and not pa.types.is_null(kind)} or types
    if len(types) == 1:
        return types.pop()
    for family, widest in _FAMILIES:
        if all(family(kind) for kind in types):
            return widest
    raise CaveResponseError(
        f"{where}: column '{column}' has several types: {', '.join(sorted(map(str, types)))}"
    )


_FAMILIES = (
    (pa.types.is_integer, pa.int64()),
    (pa.types.is_floating, pa.float64()),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), pa.large_string()),
    (pa.types.is_timestamp, pa.timestamp("ns", tz="UTC")),
)
