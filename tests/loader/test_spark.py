"""The same expressions on Spark, in local mode: equal to DuckDB's answers and to pandas'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import readback
from oracle_load import expected

from graphapi.errors import GraphExistsError, LoadError, MissingExtraError
from loader import FileSource, load
from loader.spark import sum_pairs
from loader.stages import aggregate

if TYPE_CHECKING:
    import pyarrow as pa

SETTINGS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.memory": "512m",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
FIRST = 576460752700000000
RULE = aggregate.Rule("synapses", 20, one_is_unresolved=True)


def rows() -> pd.DataFrame:
    """Synapse rows with background, unresolved and null roots, autapses, rows without a size."""
    rng = np.random.default_rng(4)
    roots = np.array([0, 1, *(FIRST + np.arange(25))])
    frame = pd.DataFrame(
        {
            "id": np.arange(3_000),
            "pre_pt_root_id": pd.array(rng.choice(roots, 3_000), "Int64"),
            "post_pt_root_id": pd.array(rng.choice(roots, 3_000), "Int64"),
            "size": rng.uniform(1, 90, 3_000),
        }
    )
    frame.loc[::97, "post_pt_root_id"] = pd.NA
    frame.loc[::89, "size"] = None
    return frame


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One local session for all tests of the module; the code under test finds it running."""
    pytest.importorskip("pyspark", reason="SPARK TESTS NOT RUN: pip install 'cavegraph[spark]'")
    from pyspark.sql import SparkSession

    place = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    for name, value in {**SETTINGS, "spark.local.dir": str(place)}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(session), "stop", lambda _: None)
        yield session
    session.stop()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    rows().to_parquet(path, index=False)
    return path


def answers(backend: Any, file: Path) -> list[set[tuple[Any, ...]]]:
    table = backend.read_parquet(str(file))
    chosen = table.select(
        pre=table["pre_pt_root_id"], post=table["post_pt_root_id"], size=table["size"]
    )
    pairs = aggregate.pairs(chosen, RULE)
    known = chosen.filter(chosen["pre"] == FIRST).select(root_id="pre").distinct()
    found: list[pa.Table] = [
        backend.to_pyarrow(expression)
        for expression in (
            aggregate.fates(chosen, RULE),
            pairs,
            aggregate.connections(pairs),
            aggregate.totals(pairs, known),
        )
    ]
    return [set(zip(*table.to_pydict().values(), strict=True)) for table in found]


def test_spark_and_duckdb_give_equal_answers(spark: Any, file: Path) -> None:
    ours = answers(ibis.pyspark.connect(spark), file)
    assert ours == answers(ibis.duckdb.connect(), file)
    assert [len(table) > 3 for table in ours] == [True] * 4


def test_pairs_of_spark_load_into_the_graph_that_pandas_says(
    spark: Any, file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "pairs"
    made = sum_pairs([str(file)], str(target), rule=RULE, settings=SETTINGS)
    frame = rows()
    assert sum(made.fates.values()) == len(frame)
    source = FileSource(sorted(target.glob("*.parquet")), datastack="by_spark")
    place = tmp_path / "graph.lbug"
    load(source, place, work=tmp_path / "work", progress=False)
    plain = frame.rename(columns={"pre_pt_root_id": "pre", "post_pt_root_id": "post"})
    plain = plain.dropna()
    plain = plain[(plain["pre"] > 1) & (plain["post"] > 1) & (plain["size"] >= 20)]
    plain["size"] = plain["size"].round()
    plain = plain.astype({"pre": "int64", "post": "int64", "size": "int64"})
    want = expected(plain[["pre", "post", "size"]], set(), weighted=False)
    assert readback.edges(place) == want.edges
    assert readback.totals(place) == want.totals
    assert made.pairs == pq.read_table(target).num_rows
    with pytest.raises(GraphExistsError, match="target"):
        sum_pairs([str(file)], str(target), settings=SETTINGS)


def test_rows_without_roots_are_refused(spark: Any, tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(LoadError, match=r"no columns pre and post among \['a'\]"):
        sum_pairs([str(path)], str(tmp_path / "t"), settings=SETTINGS)
    with pytest.raises(LoadError, match="Spark"):
        sum_pairs([str(tmp_path / "absent.parquet")], str(tmp_path / "t"), settings=SETTINGS)


def test_without_spark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(MissingExtraError, match=r"cavegraph\[spark\]"):
        sum_pairs(["rows.parquet"], str(tmp_path / "t"))
