"""Query a whole graph part by part, so that memory does not grow with the connectome."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from graphapi.engines.queries import Query

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
#: Most neurons of a range: with LadybugDB 0.20.4, sums over all connections of a graph with 336
#: million did not fit into 3.9 GB; those of 250,000 neurons took 1.3 GB.
_NEURONS = 250_000
#: Most ids of one look-up.
_LOOKED_UP = 50_000


def neuron_ranges(roots: pa.ChunkedArray) -> Iterator[dict[str, int]]:
    """Divide all root ids into ranges with a limited number of neurons each.

    Parameters
    ----------
    roots
        Root ids of all neurons, ascending.

    Yields
    ------
    dict
        `first` and `last`, inclusive. Together the ranges have every 64-bit id once.
    """
    starts = roots.drop_null().to_numpy()[_NEURONS::_NEURONS].tolist()
    lasts = [*(start - 1 for start in starts), _LARGEST]
    for first, last in zip([_SMALLEST, *starts], lasts, strict=True):
        yield {"first": first, "last": last}


def summed(
    run: Callable[[Query, dict[str, int]], pa.Table], query: Query, roots: pa.ChunkedArray
) -> dict[str, int]:
    """Run a query of sums for each range of neurons, and add up each column.

    Parameters
    ----------
    run
        Runs a query with parameters.
    query
        Has the parameters `first` and `last`, and one row of whole numbers as its answer.
    roots
        Root ids of all neurons, ascending.

    Returns
    -------
    dict
        Sum per column.
    """
    totals: dict[str, int] = {}
    for ends in neuron_ranges(roots):
        (row,) = run(query, ends).to_pylist()
        for name, value in row.items():
            totals[name] = totals.get(name, 0) + int(value)
    return totals


def summed_by(
    run: Callable[[Query, dict[str, int]], pa.Table], query: Query, roots: pa.ChunkedArray
) -> list[tuple[object, ...]]:
    """Ask a query of sums per name for each range of neurons, and add them up per name.

    Parameters
    ----------
    run, query, roots
        As for `summed`; the first column of the answer is a name or null, the others are whole
        numbers.

    Returns
    -------
    list of tuple
        One row per name, in no order.
    """
    totals: dict[object, list[int]] = {}
    for ends in neuron_ranges(roots):
        for name, *numbers in zip(*run(query, ends).to_pydict().values(), strict=True):
            sums = totals.setdefault(name, [0] * len(numbers))
            totals[name] = [
                known + int(number) for known, number in zip(sums, numbers, strict=True)
            ]
    return [(name, *sums) for name, sums in totals.items()]


def looked_up(
    run: Callable[[Query, dict[str, object]], pa.Table], query: Query, ids: pa.ChunkedArray
) -> Iterator[tuple[int, int]]:
    """Look up each id through the index, as questions do.

    Parameters
    ----------
    run
        Runs a query with parameters.
    query
        Has the parameter `ids`, and one row with `found`, the number of them in the graph.
    ids
        What to look up.

    Yields
    ------
    tuple of int
        For each part: how many ids were asked for, and how many were found.
    """
    for start in range(0, len(ids), _LOOKED_UP):
        part = ids.slice(start, _LOOKED_UP).to_pylist()
        (row,) = run(query, {"ids": part}).to_pylist()
        yield len(part), int(row["found"])
