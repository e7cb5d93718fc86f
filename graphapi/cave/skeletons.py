"""Skeletons of neurons, from CAVE's skeleton service; each request is for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.cave.retries import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


class Skeletons:
    """The skeletons of one datastack.

    Parameters
    ----------
    ask
        Function that sends a request with retries, given its description and the call.
    service
        Function that returns the CAVE client's skeleton client.
    """

    def __init__(
        self, ask: Callable[[str, Callable[[], Any]], Any], service: Callable[[], Any]
    ) -> None:
        self._ask = ask
        self._service = service

    def of(self, root_id: int) -> pd.DataFrame | None:
        """Return a neuron's skeleton; None if the server has none, or no skeleton service.

        See `graphapi.ask.imagery.ImageryQuestions.get_skeletons`.
        """

        def read() -> pd.DataFrame:
            return read_skeleton(self._service().flat(root_id))

        try:
            found: pd.DataFrame = self._ask(f"the skeleton of {root_id}", read)
        except MissingError:
            return None
        return found


def read_skeleton(answer: Mapping[str, Any]) -> pd.DataFrame:
    """Return a skeleton as a table with the columns of SWC.

    Parameters
    ----------
    answer
        A `flatdict` of the skeleton service: `vertices` in nm, `edges` between them; and, if it
        has them, `radius`, `compartment` and `root`, the vertex where the tree begins.

    Returns
    -------
    pandas.DataFrame
        See `graphapi.ask.imagery.ImageryQuestions.get_skeletons`.

    Raises
    ------
    ValueError
        The answer is not a tree, or not one for each piece.
    """
    import pandas as pd

    vertices = np.asarray(answer["vertices"], dtype=np.float64).reshape(-1, 3)
    number = len(vertices)
    edges = np.asarray(answer["edges"], dtype=np.int64).reshape(-1, 2)
    if not number or not np.isfinite(vertices).all():
        raise ValueError("a skeleton without points, or with points that are nowhere")
    if len(edges) and not (edges.min() >= 0 and edges.max() < number):
        raise ValueError("a skeleton with edges between points that it does not have")
    order, parents = _trees(edges, number, int(answer.get("root") or 0))
    columns = {
        "node": np.arange(1, number + 1),
        "compartment": _each(answer.get("compartment"), number, np.int64)[order],
        **dict(zip("xyz", vertices[order].T, strict=True)),
        "radius": _each(answer.get("radius"), number, np.float64)[order],
        "parent": parents,
    }
    return pd.DataFrame(columns)


def _each(values: Any, number: int, dtype: type) -> Any:
    """Return a value for each vertex; 0, which is SWC's undefined, where the answer has none."""
    if values is None or not len(values):
        return np.zeros(number, dtype=dtype)
    found = np.asarray(values, dtype=np.float64)  # None becomes NaN
    if found.shape != (number,):
        raise ValueError(f"a skeleton with {number} points and {found.size} values for them")
    return np.where(np.isfinite(found), found, 0).astype(dtype)


def _trees(edges: Ints, number: int, root: int) -> tuple[Ints, Ints]:
    """Order vertices so that each comes after its parent, the tree of `root` first.

    Returns
    -------
    order, parents
        The vertices; and for each the number, from 1, of its parent in this order, or -1.
    """
    import scipy.sparse as sp
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    graph = sp.coo_array((np.ones(len(edges)), tuple(edges.T)), shape=(number, number)).tocsr()
    pieces, piece_of = connected_components(graph, directed=False)
    if len(edges) != number - pieces:
        raise ValueError("a skeleton with loops")
    if not 0 <= root < number:
        raise ValueError(f"a skeleton that begins at point {root} of {number}")
    tops = np.unique(piece_of, return_index=True)[1]
    tops[piece_of[root]] = root
    # a further vertex, above the tops of all pieces: one search meets every tree from its top
    ends = zip((np.full(pieces, number), tops), edges.T, strict=True)
    rows, columns = (np.concatenate(pair) for pair in ends)
    shape = number + 1, number + 1
    joined = sp.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
    met, above = breadth_first_order(joined, number, directed=False)
    first = np.where(tops == root, -1, tops)[piece_of[met[1:]]]
    places = met[1:][np.argsort(first, kind="stable")].astype(np.int64)
    numbers = np.full(number + 1, -1)
    numbers[places] = np.arange(1, number + 1)
    return places, numbers[above[places]]
