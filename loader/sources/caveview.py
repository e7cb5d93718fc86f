"""A CAVE view of connections as the source of weights, such as `connections_with_nuclei`."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from graphapi.cave.complete import POST, PRE
from graphapi.cave.views import Box
from graphapi.errors import IncompleteAnswerError, SourceSchemaError, TableNotFoundError
from loader.sources import dumps, taken
from loader.sources.cavepieces import fetch_pieces, step_names, write_step
from loader.sources.rowroles import NUCLEI
from loader.work.steps import ROWS, RowsInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from graphapi.cave.connection import Cave
    from graphapi.cave.views import ConnectionsView
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

_STEPS = "connections/"
_BOXES = f"{_STEPS}boxes"


def roles(names: Sequence[str], view: str) -> dict[str, str]:
    """Return our names of the view's columns: `pre`, `post`, `weight`, and `size_sum` if any.

    Raises
    ------
    SourceSchemaError
        It is not a view of connections, or its weight column is ambiguous.
    """
    found = {"pre": PRE, "post": POST}
    for ours in ("weight", "size_sum"):
        named = dumps.named(ours, names)
        if len(named) == 1:
            found[ours] = named[0]
    if "weight" not in found or not {PRE, POST} <= set(names):
        raise SourceSchemaError(
            f"view '{view}' is not a view of connections: it needs '{PRE}', '{POST}' and one "
            f"column of weights, such as 'n_syn'",
            hint=f"columns: {list(names)}; load the synapse table instead",
        )
    return found


def rows_of_view(rows: pa.Table, view: str) -> tuple[pa.Table, int]:
    """Return `pre`, `post`, `weight`, `size_sum` of each connection, and how many rows repeat one.

    A view that joins nuclei repeats a connection for each nucleus of a neuron: it counts once.

    Raises
    ------
    SourceSchemaError
        Weights are not whole numbers, or rows of one pair may be parts or repeats.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ours = roles(rows.column_names, view)
    columns: dict[str, Any] = {}
    for name, theirs in ours.items():
        column = rows[theirs]
        is_whole = pa.types.is_integer(column.type) or pa.types.is_null(column.type)
        if name == "size_sum" and not is_whole:
            column = pc.round(column.cast(pa.float64()))
        elif not is_whole or column.null_count or (rows.num_rows and pc.min(column).as_py() < 0):
            raise SourceSchemaError(
                f"view '{view}': column '{theirs}' contains {column.type}, with "
                f"{column.null_count:,} values missing; whole numbers >= 0 are needed"
            )
        columns[name] = column.cast(pa.int64())
    table = pa.table(columns)
    pairs = table.group_by(["pre", "post"]).aggregate([]).num_rows
    repeated = int(rows.num_rows - pairs)
    if repeated:
        rest = [n for n in rows.column_names if n not in ours.values()]
        once = table.group_by(list(columns)).aggregate([]).select(list(columns))
        whole = rows.group_by(rows.column_names).aggregate([]).num_rows
        by_nucleus = rest and all(NUCLEI.match(name) for name in rest)
        if not by_nucleus or once.num_rows != pairs or whole != rows.num_rows:
            raise SourceSchemaError(
                f"view '{view}': {repeated:,} rows repeat a pair of neurons, and may be parts of "
                "its weight or the same weight again",
                hint="load the synapse table: leave out --connections-view",
            )
        table = once
    return table, repeated


def no_table(cave: Cave, name: str, version: int, tables: Sequence[str]) -> TableNotFoundError:
    """Return the error for a missing table; it mentions a view of the same name."""
    if name in cave.views(version):
        return TableNotFoundError(
            f"'{name}' is a view of datastack '{cave.datastack}', not a table: its rows have no "
            "ids of their own, which annotation rows need",
            hint=f"save its rows with CAVEclient at version {version}: "
            f"client.materialize.query_view('{name}').to_csv('{name}.csv', index=False), then "
            f"use --annotations {name}.csv; a view of connections is read with --connections-view",
        )
    return TableNotFoundError(
        f"datastack '{cave.datastack}' has no table '{name}' at version {version}",
        hint=f"its tables: {', '.join(tables)}",
    )


def require_view(cave: Cave, name: str, version: int) -> None:
    """Raise an error that lists the views, if a version has no such view."""
    views = cave.views(version)
    if name not in views:
        raise TableNotFoundError(
            f"datastack '{cave.datastack}' has no view '{name}' at version {version}",
            hint=f"its views: {', '.join(views) or 'none'}",
        )


def extract(view: ConnectionsView, workspace: Workspace, settings: Settings) -> None:
    """Finish the step `rows` with the connections of a view, resumably.

    Raises
    ------
    SourceSchemaError
        It is not a view of connections.
    IncompleteAnswerError
        The server's rows and counts disagree; what was fetched is dropped.
    """
    schema = view.schema()
    columns = roles(schema.names, view.name)
    settings.tell(taken.of_view(view.name, columns))
    if not workspace.is_done(_BOXES):
        workspace.finish(_BOXES, info={"boxes": [list(astuple(box)) for box in view.plan()]})
    boxes = [Box(*numbers) for numbers in workspace.info(_BOXES)["boxes"]]

    def fetch(box: Box) -> tuple[pa.Table, dict[str, int]]:
        rows = view.read(box)
        staged, repeated = rows_of_view(rows, view.name)
        return staged, {"rows": rows.num_rows, "repeated": repeated}

    steps = step_names(_STEPS, boxes)
    pieces = dict(zip(steps, boxes, strict=False))
    totals = fetch_pieces(workspace, settings, view.name, pieces, fetch)
    try:
        view.require_total(totals["rows"])
    except IncompleteAnswerError:
        workspace.forget(_STEPS)
        raise
    if not boxes:
        write_step(workspace, steps[0], rows_of_view(schema.empty_table(), view.name)[0])
    info = RowsInfo(
        layout="pairs",
        columns={name: name for name in columns},
        one_is_unresolved=True,
        rows_counted=totals["rows"],
        rows_repeated=totals["repeated"],
        reading={
            "table": view.name,
            "what": "view of connections with their weights",
            "columns": columns,
            "not_used": [name for name in schema.names if name not in columns.values()],
        },
    )
    workspace.finish(ROWS, [f"{step}.parquet" for step in steps], asdict(info))
