"""Compare the totals of some neurons with those in CAVE.

A load reads a synapse table by ranges of row ids. This check queries the rows of some neurons by
their root ids, on either side, and sums them without the code that made the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphapi.cave.complete import POST, PRE, fetch_rows
from graphapi.cave.synapses import root_array
from graphapi.cave.views import ConnectionsView
from graphapi.engines.queries import catalog
from graphapi.errors import InputError, VerificationError
from graphapi.ids import UNRESOLVED
from loader.sources.caveview import roles
from loader.sources.rowfilter import kept_rows, read_filters
from loader.stages.names import TOTALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from graphapi.cave.connection import Cave
    from graphapi.connectome import Connectome
    from graphapi.ids import IdArray
    from loader.sources.rowfilter import RowFilter

#: Number of neurons to compare; a neuron with more than `_MOST_ROWS` synapses takes too long.
SAMPLE = 20
_MOST_ROWS = 10_000


@dataclass(frozen=True)
class Totals:
    """Totals of one neuron, as on a `:Neuron`: partners at weight 1, autapses separate."""

    in_synapses: int
    out_synapses: int
    in_partners: int
    out_partners: int
    autapses: int


def totals_by_cave(
    cave: Cave,
    table: str,
    version: int,
    roots: IdArray,
    *,
    min_size: float | None = None,
    size_column: str = "size",
    keep: Sequence[RowFilter] = (),
) -> dict[int, Totals]:
    """Fetch all synapse rows of neurons from CAVE, and sum them.

    Parameters
    ----------
    cave, table, version
        The CAVE server, the synapse table and its version.
    roots
        Root ids.
    min_size, size_column
        Ignore rows that are smaller or have no size; None counts all.
    keep
        Conditions that rows must meet to count.

    Returns
    -------
    dict
        The totals of each root.

    Raises
    ------
    CaveError
        As in `graphapi.cave.complete.fetch_rows`.
    """
    sizes = [] if min_size is None else [size_column]
    columns = list(dict.fromkeys(["id", PRE, POST, *sizes, *(f.column for f in keep)]))

    def pairs(pre_ids: IdArray | None = None, post_ids: IdArray | None = None) -> IdArray:
        rows = fetch_rows(
            cave,
            table,
            version,
            pre_ids=pre_ids,
            post_ids=post_ids,
            columns=columns,
            progress=False,
        )
        return _pairs(kept_rows(rows, keep, f"table '{table}'"), min_size, size_column)

    out, into = pairs(pre_ids=roots), pairs(post_ids=roots)
    found = {}
    for root in roots.tolist():
        downstream = out[out[:, 0] == root, 1]
        upstream = into[into[:, 1] == root, 0]
        others, sources = downstream[downstream != root], upstream[upstream != root]
        found[root] = Totals(
            in_synapses=len(sources),
            out_synapses=len(others),
            in_partners=len(set(sources.tolist())),
            out_partners=len(set(others.tolist())),
            autapses=len(downstream) - len(others),
        )
    return found


def totals_by_view(cave: Cave, view: str, version: int, roots: IdArray) -> dict[int, Totals]:
    """Query a view of connections for some neurons, one by one, and sum the weights.

    Raises
    ------
    CaveError
        As `graphapi.cave.views.ConnectionsView.read`.
    """
    source = ConnectionsView(cave, view, version)
    found = {}
    for root in roots.tolist():
        downstream, upstream = (_weights(rows, view) for rows in source.of_neuron(root))
        outgoing = {post: weight for (_, post), weight in downstream.items() if post != root}
        incoming = {pre: weight for (pre, _), weight in upstream.items() if pre != root}
        found[root] = Totals(
            in_synapses=sum(incoming.values()),
            out_synapses=sum(outgoing.values()),
            in_partners=len(incoming),
            out_partners=len(outgoing),
            autapses=downstream.get((root, root), 0),
        )
    return found


def sample_of_stage(neurons: Path, seed: str) -> dict[int, Totals]:
    """Draw neurons of the stage `neurons.parquet`, with their totals; the seed selects them."""
    import pyarrow.parquet as pq

    return _sample(pq.read_table(neurons, columns=["root_id", *TOTALS]), seed)


def compare_graph(connectome: Connectome, seed: str = "") -> int:
    """Compare some of a graph's neurons with CAVE, at the graph's version.

    Parameters
    ----------
    connectome
        An open graph that was loaded from CAVE.
    seed
        Random seed; another seed draws other neurons.

    Returns
    -------
    int
        Number of compared neurons.

    Raises
    ------
    VerificationError
        Totals differ; the message names the neurons.
    VersionNotFoundError
        CAVE no longer has the version.
    InputError
        The graph was loaded with `--only`.
    CaveError
        CAVE does not answer, or the graph was made from files.
    """
    made = connectome.materialization
    if made.reading.get("only"):
        raise InputError(
            f"the graph holds only connections between neurons of {made.reading['only']}: CAVE's "
            "totals are of all connections",
            hint="leave out --cave",
        )
    cave = connectome.require_cave().cave
    cave.resolve_version(made.version)
    columns = dict.fromkeys(("root_id", *TOTALS), "int")
    held = connectome.run(catalog()["all_neuron_properties"].with_properties(columns))
    sample = _sample(held, seed or made.load_id)
    rows = made.reading.get("connections", {})
    if "view" in rows.get("what", ""):
        asked = totals_by_view(cave, rows["table"], made.version, _ids(sample))
    else:
        asked = totals_by_cave(
            cave,
            made.synapse_table,
            made.version,
            _ids(sample),
            min_size=made.min_size,
            keep=read_filters(rows.get("keep", ())),
        )
    require_equal(sample, asked, f"'{connectome.engine.uri}'")
    return len(sample)


def require_equal(held: Mapping[int, Totals], asked: Mapping[int, Totals], where: str) -> None:
    """Refuse totals that differ from those in CAVE.

    Raises
    ------
    VerificationError
        Totals differ; the message names the first neurons.
    """
    wrong = [root for root in held if held[root] != asked[root]]
    if wrong:
        shown = "; ".join(f"{root}: here {held[root]}, CAVE {asked[root]}" for root in wrong[:3])
        raise VerificationError(
            f"{where}: {len(wrong)} of {len(held)} neurons have other totals in CAVE: {shown}",
            hint="load again with another working folder (--work); if the totals still "
            "differ, tell the server's administrators: answers by row id and by neuron disagree",
        )


def _sample(table: pa.Table, seed: str) -> dict[int, Totals]:
    numbers = {name: table[name].to_numpy() for name in ("root_id", *TOTALS)}
    synapses = numbers["in_synapses"] + numbers["out_synapses"] + numbers["autapses"]
    usable = np.flatnonzero(synapses <= _MOST_ROWS)
    chance = np.random.default_rng(list(seed.encode()))
    chosen = chance.permutation(usable)[:SAMPLE]
    return {
        int(numbers["root_id"][i]): Totals(*(int(numbers[name][i]) for name in TOTALS))
        for i in np.sort(chosen)
    }


def _ids(roots: Iterable[int]) -> IdArray:
    return np.array(list(roots), dtype=np.int64)


def _weights(rows: pa.Table, view: str) -> dict[tuple[int, int], int]:
    """Return the weight of each pair of roots; a pair that is repeated counts once."""
    weight = roles(rows.column_names, view)["weight"]
    columns = (rows[name].to_pylist() for name in (PRE, POST, weight))
    return {
        (pre, post): n
        for pre, post, n in zip(*columns, strict=True)
        if n and pre > UNRESOLVED and post > UNRESOLVED
    }


def _pairs(rows: pa.Table, min_size: float | None, size_column: str) -> IdArray:
    """Return pre and post of the rows that count, as two columns."""
    pre, post = root_array(rows, PRE), root_array(rows, POST)
    kept = (pre > UNRESOLVED) & (post > UNRESOLVED)
    if min_size is not None:
        sizes = rows[size_column].to_numpy(zero_copy_only=False).astype(np.float64)
        kept &= sizes >= min_size
    return np.stack([pre[kept], post[kept]], axis=1)
