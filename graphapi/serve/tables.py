"""Tables as JSON, CSV, Parquet and Arrow; ids are strings in JSON, never rounded."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from graphapi.common.jsonvalues import SAFE_IN_JSON, cell, is_id
from graphapi.common.spreadsheet import for_spreadsheets
from graphapi.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.serve.given import Given

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


def table_json(
    frame: pd.DataFrame,
    *,
    limit: int | None = None,
    offset: int = 0,
    total: int | None = None,
    ids: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return a table as JSON.

    Parameters
    ----------
    frame
        The table; its index is left out.
    limit, offset
        The rows to return; None for all.
    total
        Number of rows there are; None for those of `frame`.
    ids
        Columns that hold ids, besides those whose name says so.

    Returns
    -------
    dict
        `columns` (each with `name` and `kind`: `id`, `integer`, `number`, `text`, `bool` or
        `list`), `rows` (lists of values), `total` and `offset`.
    """
    shown = frame.iloc[offset : None if limit is None else offset + limit]
    columns, values = [], []
    for place, name in enumerate(map(str, frame.columns)):
        kind, cells = _column(shown.iloc[:, place], is_id(name) or name in ids)
        columns.append({"name": name, "kind": kind})
        values.append(cells)
    return {
        "columns": columns,
        "rows": [list(row) for row in zip(*values, strict=True)],
        "total": len(frame) if total is None else total,
        "offset": offset,
    }


def _column(column: pd.Series[Any], ids: bool) -> tuple[str, list[Any]]:
    """Return the kind of a column, and its values as JSON."""
    import pandas as pd

    kind = column.dtype.kind
    if kind in "iu":
        values: list[Any] = column.to_list()
        values = [None if value is pd.NA else value for value in values]
        large = any(value is not None and abs(value) > SAFE_IN_JSON for value in values)
        if ids or large:
            return "id", [None if value is None else str(value) for value in values]
        return "integer", values
    if kind == "b":
        return "bool", [None if value is pd.NA else bool(value) for value in column]
    if kind == "f":
        return "number", [cell(value) for value in column.to_list()]
    cells = [cell(value, ids=ids) for value in column.to_list()]
    return _kind_of(cells, ids=ids), cells


def _kind_of(cells: list[Any], *, ids: bool) -> str:
    kinds = {type(value) for value in cells if value is not None}
    if kinds <= {bool} and kinds:
        return "bool"
    if kinds == {list}:
        return "list"
    if kinds == {int}:
        return "integer"
    if kinds and kinds <= {int, float}:
        return "number"
    return "id" if ids else "text"


def arranged(frame: pd.DataFrame, given: Given) -> pd.DataFrame:
    """Return a table with the columns and in the order that a request asks for.

    Raises
    ------
    InputError
        There is no such column.
    """
    known = {str(name): name for name in frame.columns}

    def column(name: str) -> object:
        if name not in known:
            raise InputError(
                f"there is no column {name[:60]!r}", hint=f"columns: {', '.join(known)}"
            )
        return known[name]

    if (order := given.text("sort", "")) != "":
        by, falling = column(order.lstrip("-")), order.startswith("-")
        key = _sortable(frame[by])
        frame = frame.iloc[key.sort_values(ascending=not falling, kind="stable").index]
    if names := [one for text in given.texts("columns") for one in text.split(",") if one]:
        attrs, frame = frame.attrs, frame[[column(name.strip()) for name in names]]
        frame.attrs = attrs
    return frame


def _sortable(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return the values of a column by position, as numbers or as texts; missing ones last."""
    import pandas as pd

    values = column.reset_index(drop=True)
    if values.dtype.kind in "iufb":
        return values
    return pd.Series([None if value is None else str(value) for value in values], dtype=object)


def file_response(frame: pd.DataFrame, form: str, name: str, *, safe: bool = False) -> Response:
    """Return a table as a file: every row, ids as whole numbers.

    Parameters
    ----------
    frame
        The table.
    form
        `csv`, `parquet` or `arrow` (the IPC stream format).
    name
        Name of the file, without its ending.
    safe
        For CSV: put an apostrophe before ids and formulas, for spreadsheets.

    Raises
    ------
    InputError
        There is no such form.
    """
    if form not in MEDIA:
        raise InputError(f"format: {form!r}", hint=f"one of json, {', '.join(MEDIA)}")
    if form == "csv":
        content = (for_spreadsheets(frame) if safe else frame).to_csv(index=False).encode()
    else:
        content = _binary(frame, form)
    ending = {"arrow": "arrows"}.get(form, form)
    headers = {"content-disposition": f'attachment; filename="{name}.{ending}"'}
    return Response(content, 200, headers, MEDIA[form])


def _binary(frame: pd.DataFrame, form: str) -> bytes:
    import pyarrow as pa

    labelled = frame.rename(columns=str)
    written = io.BytesIO()
    if form == "parquet":
        labelled.to_parquet(written, index=False)
        return written.getvalue()
    labelled.attrs = {}
    table = pa.Table.from_pandas(labelled, preserve_index=False)
    with pa.ipc.new_stream(written, table.schema) as writer:
        writer.write_table(table)
    return written.getvalue()
