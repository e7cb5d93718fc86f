"""The three kinds of query: of one table, of two joined tables, and of a live table."""

# ruff: noqa: S608 - SQL is made of names out of the folder, quoted; what clients send is bound

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from loader.sandbox.standin.conditions import since_1970
from loader.sandbox.standin.query import DELETED, Plan, count_rows, fetch, plan_join, plan_one
from loader.sandbox.standin.relation import Relation
from loader.sandbox.standin.replies import RefusalError, failed, wrapped
from loader.sandbox.standin.rows import count_table, rows_response
from loader.sandbox.standin.store import microseconds
from loader.work.duck import identifier

if TYPE_CHECKING:
    import pyarrow as pa
    from starlette.requests import Request
    from starlette.responses import Response

    from loader.sandbox.standin.folder import Table, Version
    from loader.sandbox.standin.question import Question
    from loader.sandbox.standin.standin import Standin


def answer_one(
    standin: Standin, request: Request, version: Version, name: str, question: Question
) -> Response:
    """Answer a query of one table at one version."""
    disturb(standin, request, version)
    table = standin.rows_of(name, version)
    relation = Relation.of(table, version.number, "t0", is_merged=version.is_merged)
    question = replace(question, resolution=question.resolution or table.resolution)
    return answer_plan(
        standin,
        request,
        plan_one(relation, question),
        question,
        size=standin.row_count(table, version.number),
        warnings=notices(table),
    )


def answer_joined(
    standin: Standin, request: Request, version: Version, question: Question
) -> Response:
    """Answer a query of two tables at one version; like the real server, it never counts."""
    disturb(standin, request, version)
    (first, first_column), (second, second_column) = _pairs(question.body.get("tables"))
    tables = [standin.rows_of(name, version) for name in (first, second)]
    relations = [
        Relation.of(table, version.number, f"t{i}", is_merged=version.is_merged)
        for i, table in enumerate(tables)
    ]
    on = " = ".join(
        _key(relation, column)
        for relation, column in zip(relations, (first_column, second_column), strict=True)
    )
    left, right = relations
    plan = plan_join(
        relations,
        f"{left.source} AS {left.alias} JOIN {right.source} AS {right.alias} ON {on}",
        _selection(question, relations),
        _suffix_map(question, (first, second)),
        question.resolution or tables[-1].resolution,
    )
    return answer_plan(
        standin,
        request,
        plan,
        question,
        size=standin.row_count(tables[0], version.number),
        warnings=[notice for table in tables for notice in notices(table)],
        counts=False,
    )


def answer_live(standin: Standin, request: Request, question: Question) -> Response:
    """Answer a query of the newest rows with their roots at a given time."""
    body = question.body
    if body.get("join_tables"):
        raise failed("the stand-in joins no tables in live queries")
    try:
        time = since_1970(body.get("timestamp"))
    except ValueError:
        raise RefusalError(
            500, {"schema_errors": {"timestamp": ["Not a valid datetime."]}}
        ) from None
    version = standin.newest()
    table = standin.rows_of(str(body.get("table")), version)
    warnings = _check_filtered_roots(standin, request, question, time)
    plain = Relation.of(table, version.number, "t0", is_merged=True)
    relation = _at(plain, time, is_merged=version.is_merged)
    chosen = (body.get("select_columns") or {}).get(table.name)
    kept = [name for name in relation.columns if name not in ("valid", "superceded_id")]
    asked = replace(
        question,
        resolution=question.resolution or table.resolution,
        body={"select_columns": chosen or kept},
    )
    return answer_plan(
        standin,
        request,
        plan_one(relation, asked),
        asked,
        size=standin.row_count(table, version.number),
        warnings=[*warnings, *notices(table)],
        live=True,
    )


def answer_plan(
    standin: Standin,
    request: Request,
    plan: Plan,
    question: Question,
    *,
    size: int,
    warnings: list[str],
    counts: bool = True,
    live: bool = False,
) -> Response:
    """Run a plan and send its rows, or their number.

    Parameters
    ----------
    size
        Number of rows of the table, for random samples.
    warnings
        Warnings to send with the rows.
    counts
        Whether this kind of query can count.
    live
        Whether the warning of a truncated answer is that of live queries.
    """
    faults, args = standin.faults, request.query_params
    limit = standin.row_limit if question.limit is None else min(question.limit, standin.row_limit)
    rows: pa.Table
    if counts and args.get("count", "False").lower() in ("true", "1"):
        found = count_rows(standin.store, plan, question)
        wrong = found > 0 and faults.strikes("wrong_count", request.url.path)
        rows = count_table(found - 1 if wrong else found)
    else:
        rows = fetch(
            standin.store,
            plan,
            question,
            limit=limit,
            share=_share(args.get("random_sample"), size),
            seed=faults.row_order(),
        )
        if rows.num_rows == limit:
            if limit == standin.row_limit:
                faults.note("row_limit")
            if faults.limit_warning:
                warnings = [_cut_warning(rows.num_rows, limit, live=live), *warnings]
    return rows_response(
        request,
        rows,
        warnings=warnings,
        resolution=plan.resolution,
        column_names=plan.column_names(),
    )


def disturb(standin: Standin, request: Request, version: Version) -> None:
    """Let faults strike a materialization query.

    Raises
    ------
    RefusalError
        A fault strikes.
    """
    path = request.url.path
    if standin.faults.strikes("wrapped_rate_limit", path):
        raise wrapped(429, "3 per 1 minute")
    if standin.faults.strikes("wrapped_error", path):
        raise failed("(psycopg2.OperationalError) server closed the connection unexpectedly")
    if standin.faults.strikes("expire", path):
        standin.expire(version.number)


def _cut_warning(rows: int, limit: int, *, live: bool) -> str:
    if live:
        return (
            f"result has {rows} entries, which is equal or more than limit of {limit}"
            " there may be more results which are not shown"
        )
    return f'201 - "Limited query to {limit} rows'


def _selection(
    question: Question, relations: list[Relation]
) -> list[tuple[Relation, list[str] | None]]:
    by_name = {relation.name: relation for relation in relations}
    column_map: dict[str, list[str]] | None = question.body.get("select_column_map")
    if column_map:
        for table, columns in column_map.items():
            for column in columns:
                if table not in by_name or column not in by_name[table].columns:
                    raise wrapped(400, f"column {column} not found in {table}")
        return [(by_name[table], columns) for table, columns in column_map.items()]
    wanted = question.body.get("select_columns")
    if not wanted:
        return [(relation, None) for relation in relations]
    found: dict[str, list[str]] = {}
    for column in wanted:
        holder = next((r.name for r in relations if column in r.columns), None)
        if holder is None:
            raise wrapped(400, f"column {column} not found in any table referenced")
        found.setdefault(holder, []).append(column)
    return [(by_name[table], columns) for table, columns in found.items()]


def _suffix_map(question: Question, names: tuple[str, str]) -> dict[str, str] | None:
    listed = question.body.get("suffixes")
    if listed is not None:
        return dict(zip(names, listed, strict=False))
    found: dict[str, str] | None = question.body.get("suffix_map")
    return found


def _pairs(value: Any) -> list[list[str]]:
    """Check that a body's `tables` are two pairs of a table and a column."""
    good = isinstance(value, list) and len(value) == 2
    if not good or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(v, str) for v in pair)
        for pair in value
    ):
        raise RefusalError(500, {"schema_errors": {"tables": ["Not two pairs of strings."]}})
    pairs: list[list[str]] = value
    return pairs


def _key(relation: Relation, name: str) -> str:
    column = relation.columns.get(name)
    if column is None or column.kind == "position":
        raise failed(f"{name} not in model or models for {relation.name}")
    (expression,) = column.sql(relation.alias)
    return expression


def notices(table: Table) -> list[str]:
    """Return the notice of a table's or view's owners that goes with each answer, if any."""
    notice = table.metadata.get("notice_text")
    return [f"Table Owner Notice on {table.name}: {notice}"] if notice else []


def _share(sample: str | None, size: int) -> float | None:
    if sample is None:
        return None
    try:
        wanted = float(sample)
    except ValueError:
        raise RefusalError(400, {"message": "random_sample is not a number"}) from None
    return None if wanted >= size else wanted / size


def _at(relation: Relation, time: int, *, is_merged: bool) -> Relation:
    """Return the table with each root looked up from its supervoxel at a given time."""
    columns: list[str] = []
    joins: list[str] = []
    for name, column in relation.columns.items():
        supervoxel = name.removesuffix("root_id") + "supervoxel_id"
        if name.endswith("_root_id") and supervoxel in relation.columns:
            alias = f"h{len(joins)}"
            joins.append(
                f" LEFT JOIN (SELECT supervoxel_id, root_id FROM pieces WHERE start_us <= {time}"
                f" AND (end_us IS NULL OR end_us > {time})) AS {alias}"
                f" ON t.{identifier(supervoxel)} = {alias}.supervoxel_id"
            )
            columns.append(f"coalesce({alias}.root_id, t.{identifier(name)}) AS {identifier(name)}")
        else:
            columns += dict.fromkeys(f"t.{identifier(part)}" for part, _ in column.parts)
    served = dict(relation.columns)
    if not is_merged:
        columns.append(f"CAST(NULL AS TIMESTAMPTZ) AS {DELETED.name}")
        served[DELETED.name] = DELETED
    created = (
        f" WHERE {microseconds('t.created')} <= {time}" if "created" in relation.columns else ""
    )
    rows = f"SELECT {', '.join(columns)} FROM {relation.source} AS t{''.join(joins)}{created}"
    return replace(relation, source=f"({rows})", columns=served)


def _check_filtered_roots(
    standin: Standin, request: Request, question: Question, time: int
) -> list[str]:
    """Refuse filters on roots that are not current at the time of a live query.

    Returns
    -------
    list of str
        If such filters are allowed, a warning that names the roots.
    """
    roots: list[int] = []
    for comparison in ("in", "="):
        for columns in question.filters.get(comparison, {}).values():
            for name, value in columns.items():
                if name.endswith("_root_id"):
                    roots += value if isinstance(value, list) else [value]
    if not all(isinstance(root, int) for root in roots):
        raise failed("root ids are whole numbers")
    history = standin.history
    wrong = [
        root
        for root, good in zip(roots, history.current(roots, time), strict=True)
        if root and not good
    ]
    if not wrong:
        return []
    listed = " ".join(str(root) for root in sorted(set(wrong)))
    words = f"Some root_ids passed are not valid at the query timestamp: [{listed}]"
    if request.query_params.get("allow_invalid_root_ids", "False").lower() != "true":
        raise wrapped(400, words)
    return [words]
