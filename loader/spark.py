"""Aggregation on Spark: the same expressions, for rows that one machine cannot sum.

The result is a folder of Parquet files with connections and their weights, autapses included.
`cavegraph load` reads it on one machine, like any other file of connections.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphapi.errors import GraphExistsError, LoadError, MissingExtraError, VerificationError
from loader.sources import dumps
from loader.stages import aggregate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Defaults that the caller may override: no web page, no progress bars, times in UTC.
DEFAULTS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
}
#: The name of the rows in a session.
_VIEW = "cavegraph_rows"


@dataclass(frozen=True)
class Summed:
    """The result of `sum_pairs`.

    Parameters
    ----------
    target
        Folder of Parquet files: `pre`, `post`, `weight`, `size_sum`, int64.
    pairs
        Number of ordered pairs, autapses included.
    fates
        Number of rows by fate; see `loader.stages.aggregate.FATES`.
    """

    target: str
    pairs: int
    fates: dict[str, int]

    def __str__(self) -> str:
        rows = ", ".join(f"{count:,} {fate}" for fate, count in sorted(self.fates.items()))
        return f"{self.pairs:,} pairs in {self.target}; rows: {rows}"


def sum_pairs(
    rows: Sequence[str],
    target: str,
    *,
    rule: aggregate.Rule | None = None,
    columns: Mapping[str, str] | None = None,
    master: str = "local[*]",
    settings: Mapping[str, str] | None = None,
) -> Summed:
    """Sum synapse rows into weighted pairs.

    Parameters
    ----------
    rows
        Parquet files or folders, at any address that Spark reads (`s3a://...`, `gs://...`).
    target
        A new folder, at such an address.
    rule
        Which rows count. By default all; root 1 means "not looked up" if the rows have CAVE's
        column names.
    columns
        Our column names to the file's. By default as in `loader.sources.dumps`.
    master
        `local[*]`, `spark://host:7077`, `yarn`, `k8s://...`.
    settings
        Settings of Spark, such as `{"spark.executor.memory": "8g"}`.

    Raises
    ------
    MissingExtraError
        Spark is not installed.
    GraphExistsError
        The target exists already.
    VerificationError
        The weights do not sum to the rows that count.
    LoadError
        Spark failed, or the rows have no `pre` or `post`.
    """
    with _session(master, {**DEFAULTS, **(settings or {})}) as session, _translated():
        import ibis

        backend = ibis.pyspark.connect(session)
        session.read.parquet(*map(str, rows)).createOrReplaceTempView(_VIEW)
        table = backend.table(_VIEW)
        named = _columns(table.columns, columns or {})
        chosen = table.select(**{ours: table[theirs] for ours, theirs in named.items()})
        used = rule or aggregate.Rule(
            "pairs" if "weight" in named else "synapses",
            one_is_unresolved="pre_pt_root_id" in table.columns,
        )
        fates = backend.to_pyarrow(aggregate.fates(chosen, used)).to_pylist()
        backend.to_parquet(aggregate.pairs(chosen, used), str(target))
        written = backend.read_parquet(str(target))
        sums = written.aggregate(pairs=written.count(), weight=written["weight"].sum())
        (found,) = backend.to_pyarrow(sums).to_pylist()
    counted = sum(row["synapses"] for row in fates if row["fate"] in ("kept", "autapse"))
    if (found["weight"] or 0) != counted:
        raise VerificationError(
            f"'{target}' holds {found['weight']:,} synapses, but the rows have {counted:,}",
            hint="delete the folder and run again",
        )
    return Summed(str(target), found["pairs"], {row["fate"]: row["rows"] for row in fates})


def _columns(there: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    named = {ours: next(iter(dumps.named(ours, there)), "") for ours in dumps.ROLES}
    named |= given
    if not named["pre"] or not named["post"]:
        raise LoadError(
            f"no columns pre and post among {sorted(there)}",
            hint="name the columns: columns={'pre': ..., 'post': ...}",
        )
    return {ours: theirs for ours, theirs in named.items() if theirs}


@contextmanager
def _session(master: str, settings: Mapping[str, str]) -> Iterator[Any]:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtraError("pyspark", "spark") from error
    builder = SparkSession.builder.master(master).appName("cavegraph")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def _translated() -> Iterator[None]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        problem = str(error).strip().splitlines()[0]
        if "PATH_ALREADY_EXISTS" in problem:
            raise GraphExistsError(
                f"the target exists already: {problem}", hint="choose a new folder"
            ) from error
        raise LoadError(f"Spark: {problem}", hint="see Spark's log") from error
