"""The aggregation, as an expression: against plain pandas, and for another engine."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_load import expected

from loader.stages import aggregate
from loader.stages.merge import merge_rows
from loader.work.fingerprint import of_columns
from support import fresh_name

ROOTS = st.sampled_from([None, 0, 1, 2, 3, 576460752700000001, 576460752700000002])
SYNAPSES = st.lists(
    st.tuples(
        ROOTS, ROOTS, st.one_of(st.none(), st.integers(0, 9)), st.sampled_from([True, False])
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def backend():
    return ibis.duckdb.connect()


def table(backend, rows: list[tuple]):
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    kinds = (pa.int64(), pa.int64(), pa.float64(), pa.bool_())
    names = ("pre", "post", "size", "valid")
    arrays = [pa.array(list(c), k) for c, k in zip(columns, kinds, strict=True)]
    return put(backend, pa.table(arrays, names=names))


def put(backend, rows):
    """Not ibis.memtable: taking one back fails in DuckDB 2."""
    name = fresh_name()
    backend.con.register("given", rows)
    backend.con.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    return backend.table(name)


@settings(max_examples=40, deadline=None)
@given(rows=SYNAPSES, min_size=st.sampled_from([None, 3]), one=st.booleans())
def test_every_row_is_counted_once_and_every_sum_is_right(backend, rows, min_size, one):
    rule = aggregate.Rule("synapses", min_size, one)
    expression = table(backend, rows)
    fates = backend.execute(aggregate.fates(expression, rule)).set_index("fate")["rows"]
    assert fates.sum() == len(rows)

    def fate(pre, post, size, valid) -> str:
        unresolved = {None, 1} if one else {None}
        if not valid:
            return "invalid"
        if pre in unresolved or post in unresolved:
            return "unresolved"
        if 0 in (pre, post):
            return "background"
        if min_size is not None and (size is None or size < min_size):
            return "below_min_size"
        return "autapse" if pre == post else "kept"

    wanted = pd.Series([fate(*row) for row in rows], dtype=str).value_counts()
    assert fates.to_dict() == wanted.to_dict()
    used = [row for row in rows if fate(*row) in ("kept", "autapse")]
    frame = pd.DataFrame(
        [(pre, post, size or 0) for pre, post, size, _ in used], columns=["pre", "post", "size"]
    )
    want = expected(frame, {77}, weighted=False)
    pairs = backend.create_table(fresh_name(), aggregate.pairs(expression, rule))
    got = backend.execute(aggregate.connections(pairs))
    assert {(r.pre, r.post): (r.weight, r.size_sum) for r in got.itertuples()} == want.edges
    ends = {root for row in used for root in row[:2]}
    first = aggregate.first_of_near(
        backend.to_pyarrow(aggregate.fates(expression, rule)).to_pylist()
    )
    assert first == (min(ends) if ends and max(ends) - min(ends) < 2**31 else None)
    if first is not None:
        near = backend.execute(aggregate.pairs(expression, rule, first=first))
        assert {tuple(row) for row in near.itertuples(index=False)} == {
            tuple(row) for row in backend.execute(pairs).itertuples(index=False)
        }
    known = put(backend, pd.DataFrame({"root_id": [77]}))
    totals = backend.execute(aggregate.totals(pairs, known))
    assert totals["root_id"].is_monotonic_increasing
    found = {r.root_id: tuple(r)[2:] for r in totals.itertuples()}
    assert found == want.totals


@pytest.mark.parametrize("dialect", ["databricks", "postgres"])
def test_the_same_expressions_are_sql_for_other_engines(dialect):
    """Databricks' dialect is Spark's; Spark itself is not needed to write it."""
    rows = ibis.table({"pre": "int64", "post": "int64", "size": "float32"}, name="rows")
    rule = aggregate.Rule("synapses", 3.0, one_is_unresolved=True)
    pairs = ibis.table(
        {"pre": "int64", "post": "int64", "weight": "int64", "size_sum": "int64"}, name="pairs"
    )
    known = ibis.table({"root_id": "int64"}, name="known")
    for expression in (
        aggregate.fates(rows, rule),
        aggregate.pairs(rows, rule),
        aggregate.connections(pairs),
        aggregate.totals(pairs, known),
    ):
        assert "SELECT" in ibis.to_sql(expression, dialect=dialect)


VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
LISTS = st.one_of(st.none(), st.lists(st.sampled_from(["x", "y", "z"]), max_size=3))


@given(rows=st.lists(st.fixed_dictionaries({"kind": VALUES, "tags": LISTS}), min_size=1))
def test_merging_takes_the_first_value_and_all_of_a_list(rows):
    merged, conflicts = merge_rows(5, rows, ["kind", "tags"])
    kinds = [r["kind"] for r in rows if r["kind"]]
    assert merged["kind"] == (kinds[0] if kinds else None)
    assert bool(conflicts) == (len(set(kinds)) > 1)
    lists = [r["tags"] for r in rows if r["tags"] is not None]
    seen: list[str] = []
    for tag in (tag for tags in lists for tag in tags):
        if tag not in seen:
            seen.append(tag)
    assert merged["tags"] == (seen if lists else None)


def test_a_checksum_tells_values_not_layout():
    import pyarrow as pa

    kinds = {"a": pa.int64(), "b": pa.string(), "c": pa.list_(pa.string()), "d": pa.bool_()}
    rows = [
        {"a": 1, "b": "x", "c": ["p", "q"], "d": True},
        {"a": None, "b": "", "c": [], "d": None},
        {"a": 3, "b": None, "c": None, "d": False},
    ]
    whole = pa.Table.from_pylist(rows, schema=pa.schema(kinds))
    chunks = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 2)])
    assert of_columns(whole) == of_columns(chunks.select(["d", "c", "b", "a"]))
    others = [
        ("a", [1, 0, 3]), ("b", ["x", None, ""]), ("c", [["p"], ["q"], None]),
        ("c", [["pq"], [], None]), ("c", [["p", "q"], None, []]), ("d", [True, False, False]),
    ]  # fmt: skip
    sums = {of_columns(whole)}
    for name, values in others:
        place = whole.column_names.index(name)
        sums.add(of_columns(whole.set_column(place, name, pa.array(values, kinds[name]))))
    assert len(sums) == len(others) + 1
