"""Answer a query: choose columns, run the SQL, and convert the rows to the served types."""

# ruff: noqa: S608 - SQL is made of names out of the folder, quoted; what clients send is bound

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from loader.sandbox.standin.columns import Column, served_type
from loader.sandbox.standin.conditions import conditions
from loader.sandbox.standin.replies import failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loader.sandbox.standin.question import Question
    from loader.sandbox.standin.relation import Relation
    from loader.sandbox.standin.store import Store

#: Bookkeeping columns of split versions; answers name them in a header, joins leave them out.
DELETED = Column("deleted", "time", (("deleted", None),))
_SUPERCEDED = Column("superceded_id", "integer", (("superceded_id", None),))
_UNSENT = (DELETED.name, _SUPERCEDED.name)
#: Suffixes of joined tables if the query gives none.
_SUFFIXES = ("x", "y", "z", "xx", "yy", "zz", "xxx", "yyy", "zzz")


@dataclass(frozen=True)
class Chosen:
    """A column of an answer."""

    relation: Relation
    column: Column
    suffix: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its parts in the answer."""
        return self.column.output_names(self.suffix)


@dataclass(frozen=True)
class Plan:
    """A query, ready to run.

    Attributes
    ----------
    source
        SQL after FROM.
    relations
        Its tables, in order.
    chosen
        Its columns, in order.
    resolution
        Resolution of positions in the answer; None for the stored one.
    unsent
        Columns that the answer names in its header but leaves out.
    """

    source: str
    relations: tuple[Relation, ...]
    chosen: tuple[Chosen, ...]
    resolution: tuple[float, ...] | None
    unsent: tuple[Chosen, ...] = ()

    def column_names(self) -> dict[str, dict[str, str]]:
        """Return table -> column -> its name in the answer."""
        names: dict[str, dict[str, str]] = {}
        for item in (*self.chosen, *self.unsent):
            inner = names.setdefault(item.relation.name, {})
            inner[item.column.name] = item.column.name + item.suffix
        return names


def plan_one(relation: Relation, question: Question) -> Plan:
    """Plan a query of one table or view.

    Raises
    ------
    RefusalError
        A column is unknown, or only one is selected, on which the real server fails.
    """
    wanted: Sequence[str] | None = question.body.get("select_columns")
    columns = list(relation.columns.values()) if not wanted else _selected(relation, wanted)
    chosen = tuple(Chosen(relation, column) for column in columns)
    unsent = (Chosen(relation, DELETED),) if relation.is_split and not wanted else ()
    source = f"{relation.source} AS {relation.alias}"
    return Plan(source, (relation,), chosen, question.resolution, unsent)


def plan_join(
    relations: Sequence[Relation],
    joins: str,
    selected: Iterable[tuple[Relation, Sequence[str] | None]],
    suffixes: dict[str, str] | None,
    resolution: tuple[float, ...] | None,
) -> Plan:
    """Plan a query of several tables.

    Parameters
    ----------
    relations
        The tables.
    joins
        SQL after FROM.
    selected
        Columns of each table, in order; None for all.
    suffixes
        Suffix of each table, for column names that several tables have.
    resolution
        Resolution of positions in the answer.

    Raises
    ------
    RefusalError
        A column is unknown, or two tables have the same suffix.
    """
    if suffixes and len(set(suffixes.values())) != len(suffixes):
        raise failed(f"Duplicate suffixes set in {suffixes}")
    bare = [
        (relation, column)
        for relation, names in selected
        for column in (_all(relation) if names is None else _selected(relation, names))
    ]
    names = [column.name for _, column in bare]
    order = list(dict.fromkeys(relation.name for relation, _ in bare))
    chosen = []
    for relation, column in bare:
        suffix = (suffixes or {}).get(relation.name)
        if suffix is None:
            suffix = _SUFFIXES[order.index(relation.name)]
        chosen.append(Chosen(relation, column, suffix if names.count(column.name) > 1 else ""))
    sent = tuple(item for item in chosen if item.column.name not in _UNSENT)
    unsent = tuple(item for item in chosen if item.column.name in _UNSENT)
    return Plan(joins, tuple(relations), sent, resolution, unsent)


def count_rows(store: Store, plan: Plan, question: Question) -> int:
    """Count the rows of a plan; no limit applies."""
    where, values = _where(plan, question)
    found = store.number(f"SELECT count(*) FROM {plan.source}{where}", values)
    return max(0, found - question.offset)


def fetch(
    store: Store,
    plan: Plan,
    question: Question,
    *,
    limit: int,
    share: float | None = None,
    seed: int | None = None,
) -> pa.Table:
    """Run a plan.

    Parameters
    ----------
    store
        Runs the SQL.
    plan, question
        The query.
    limit
        Largest number of rows.
    share
        Take each row with this probability; None for all.
    seed
        Shuffle the rows before the limit applies; None for the order of the file.

    Returns
    -------
    pyarrow.Table
        Rows in the served types, without pandas metadata.

    Raises
    ------
    RefusalError
        A filter cannot be applied, or only one column is selected.
    """
    expressions = [
        f"{sql} AS c{i}"
        for i, sql in enumerate(
            part
            for item in plan.chosen
            for part in item.relation.expressions(item.column, plan.resolution)
        )
    ]
    if len(expressions) == 1:
        only = plan.chosen[0].column
        raise failed(f"'{only.sql_type}' object has no attribute '{only.name}'")
    where, values = _where(plan, question)
    if share is not None:
        where = (f"{where} AND " if where else " WHERE ") + "random() < ?"
        values = [*values, share]
    sql = f"SELECT {', '.join(expressions)} FROM {plan.source}{where}"
    if seed is None:
        rows = store.arrow(f"{sql} LIMIT ? OFFSET ?", [*values, limit, question.offset])
    else:
        rows = _shuffled(store, sql, values, plan, question.offset, limit, seed)
    return _as_served(rows, plan)


def _shuffled(
    store: Store,
    sql: str,
    values: list[object],
    plan: Plan,
    offset: int,
    limit: int,
    seed: int,
) -> pa.Table:
    if not offset:
        rows = store.arrow(f"{sql} LIMIT ?", [*values, limit + 1])
        if rows.num_rows <= limit:
            order = np.random.default_rng(seed).permutation(rows.num_rows)
            return rows.take(pa.array(order))
    # Truncated: which rows are sent is as arbitrary as their order.
    keys = ", ".join(relation.shuffle_key for relation in plan.relations)
    return store.arrow(
        f"{sql} ORDER BY hash({keys}, ?) LIMIT ? OFFSET ?", [*values, seed, limit, offset]
    )


def _where(plan: Plan, question: Question) -> tuple[str, list[object]]:
    found, values = conditions(question, {r.name: r for r in plan.relations})
    return (f" WHERE {' AND '.join(found)}" if found else ""), values


def _as_served(rows: pa.Table, plan: Plan) -> pa.Table:
    fields, arrays = [], []
    position = 0
    for item in plan.chosen:
        kind, _ = served_type(item.column.kind, item.column.bits)
        for name in item.names:
            fields.append(pa.field(name, kind))
            arrays.append(rows.column(position).cast(kind))
            position += 1
    return pa.table(arrays, schema=pa.schema(fields))


def _all(relation: Relation) -> list[Column]:
    """Return the columns of a joined table; a split version adds its bookkeeping columns."""
    columns = [c for name, c in relation.columns.items() if name not in _UNSENT]
    return [*columns, *((DELETED, _SUPERCEDED) if relation.is_split else ())]


def _selected(relation: Relation, names: Sequence[str]) -> list[Column]:
    """Return columns by name; the supervoxel id goes before each root id."""
    found: dict[str, Column] = {}
    for name in names:
        column = relation.columns.get(name)
        if column is None:
            raise failed(f"{name} not in model or models for {relation.name}")
        supervoxel = name.removesuffix("root_id") + "supervoxel_id"
        if name.endswith("root_id") and supervoxel in relation.columns:
            found.setdefault(supervoxel, relation.columns[supervoxel])
        found.setdefault(name, column)
    return list(found.values())
