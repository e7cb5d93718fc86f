"""Graph files from frames."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pandas as pd

from loader import AnnotationFile, FileSource, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NUMBERS = count()


def build_graph(
    folder: Path,
    connections: pd.DataFrame,
    annotations: pd.DataFrame | None = None,
    *,
    to: str | Path | None = None,
    datastack: str = "toy",
    version: int = 1,
    min_size: float | None = None,
) -> Path | str:
    """Load frames into a graph.

    Parameters
    ----------
    folder
        Where files go; usually `tmp_path`.
    connections
        `pre`, `post`, `weight` (or one row a synapse: `pre`, `post`, and `size` if wanted).
    annotations
        `root_id` and any fields; None for none.
    to
        A new file in `folder` when not given; else a path or a Neo4j address, replaced.

    Returns
    -------
    pathlib.Path or str
        The graph's place.
    """
    name = fresh_name()
    rows = folder / f"{name}-rows.parquet"
    connections.to_parquet(rows, index=False)
    tables: Sequence[AnnotationFile] = ()
    if annotations is not None:
        path = folder / f"{name}-annotations.parquet"
        annotations.to_parquet(path, index=False)
        tables = [AnnotationFile(path, name="annotations")]
    place = folder / f"{name}.lbug" if to is None else to
    source = FileSource(rows, annotations=tables, datastack=datastack, version=version)
    load(
        source,
        place,
        replace=to is not None,
        min_size=min_size,
        force_annotations=True,  # a test's neurons may have no connections
        work=folder / f"{name}-work",
        progress=False,
    )
    return place


def connections_frame(triples: Sequence[tuple[int, int, int]]) -> pd.DataFrame:
    """Give `pre`, `post`, `weight` int64 of triples."""
    return pd.DataFrame(triples, columns=["pre", "post", "weight"]).astype("int64")


def example_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a small connectome of awkward ids: connections and annotations.

    It has an autapse, a reciprocal pair, a bare neuron, a neuron without a synapse, a root
    with two rows that disagree, lists, gaps in every type of field, and a row without a root.
    """
    a, b, c, d, lonely = (576460752700000000 + i for i in (1, 2, 3, 5, 9))
    connections = connections_frame(
        [(a, b, 3), (b, a, 1), (a, c, 7), (c, d, 2), (d, d, 4), (a, a, 2), (b, c, 5)]
    )
    annotations = pd.DataFrame(
        {
            "root_id": pd.array([a, b, b, c, lonely, None], "Int64"),
            "cell_class": ["ER", "FBt", "PBt", None, "ER", "EBc"],
            "side": ["left", None, "right", "left", None, "left"],
            "region": [["EB", "NO"], ["FB"], ["FB", "PB"], None, [], ["EB"]],
            "hemilineage_score": [0.5, None, 1.25, 2.0, None, 3.0],
            "proofread": pd.array([True, False, None, None, True, False], "boolean"),
            "soma_count": pd.array([1, None, 2, 0, None, 1], "Int64"),
        }
    )
    return connections, annotations


def fresh_name() -> str:
    """Give a name that no other call gives."""
    return f"graph{next(_NUMBERS)}"
