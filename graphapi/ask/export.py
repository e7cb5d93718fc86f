"""Export the whole graph to other tools: as objects in memory, and as lossless files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.ask.subgraph import SubgraphQuestions, networkx_to_igraph
from graphapi.common.files import write_whole
from graphapi.common.madeup import marked_synthetic
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.annotations import for_pandas
from graphapi.graph.terms import Terms
from graphapi.graph.whole import iter_connections, write_connections

if TYPE_CHECKING:
    from collections.abc import Iterator

    import networkx as nx
    import pyarrow as pa
    import scipy.sparse as sp

    from graphapi.ids import IdArray


class ExportQuestions(SubgraphQuestions):
    """Questions whose answer is the whole graph."""

    def to_networkx(self, threshold: int = 1, *, neuron_ids: object = None) -> nx.DiGraph[int]:
        """Return the whole graph, or the subgraph of some neurons, as a `DiGraph`.

        Parameters
        ----------
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        neuron_ids
            Root ids or `NeuronCriteria`; None for all neurons. Nodes and edges are as
            `get_subgraph` describes.
        """
        if neuron_ids is not None:
            return self.get_subgraph(neuron_ids, threshold=threshold)
        return self._as_networkx(self._whole(Terms(threshold=threshold)), threshold)

    def to_igraph(self, threshold: int = 1, *, neuron_ids: object = None) -> Any:
        """Return the whole graph, or a subgraph, as an `igraph.Graph`; see `to_networkx`."""
        return networkx_to_igraph(self.to_networkx(threshold, neuron_ids=neuron_ids))

    def iter_connections(self, threshold: int = 1, *, rows: int = 1_000_000) -> Iterator[pa.Table]:
        """Iterate over the whole graph in pieces, with memory for one piece at a time.

        Parameters
        ----------
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        rows
            Largest number of connections in a piece, approximately; all outgoing connections of
            a neuron are in the same piece.

        Yields
        ------
        pyarrow.Table
            `pre`, `post`, `weight`, int64, sorted by `pre` and `post` within and across pieces.
            Every connection is in exactly one piece.

        Raises
        ------
        GraphIncompleteError
            The graph was replaced in the meantime.
        """
        return iter_connections(self, Terms(threshold=threshold).threshold, rows)

    def to_matrix(self, threshold: int = 1) -> tuple[sp.csr_array, IdArray]:
        """Return the whole graph as an int64 CSR array, and the root ids of rows and columns."""
        matrix, roots = self.whole.matrix(Terms(threshold=threshold).threshold)
        return matrix.copy(), roots

    def to_parquet(self, folder: str | Path) -> dict[str, Path]:
        """Write the whole graph as Parquet files.

        Parameters
        ----------
        folder
            Folder for the files; created if necessary. Existing files with these names are
            replaced.

        Returns
        -------
        dict
            Paths of `connections` (`pre, post, weight`), `neurons` (all properties),
            `annotations` (raw rows) and `materialization` (the graph's record, as JSON). Whole
            numbers with missing values are marked, because pandas would read them as floats. The
            Parquet files of a synthetic graph are marked as synthetic.

        Raises
        ------
        InputError
            The folder or a file is not writable; no half-written file is left behind.
        """
        import pyarrow.parquet as pq

        place = Path(folder)
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make folder '{place}': {error.strerror}") from error
        table = self.annotations
        neurons = catalog()["all_neuron_properties"].with_properties(table.neuron_types)
        rows = catalog()["all_annotations"].with_properties(table.types)
        answers = {
            "neurons.parquet": for_pandas(self.run(neurons)),
            "annotations.parquet": for_pandas(self.run(rows)),
        }
        connections = place / "connections.parquet"
        synthetic = self.materialization.synthetic
        write_whole(connections, partial(write_connections, self, synthetic=synthetic))
        written = {"connections": connections}
        for name, answer in answers.items():
            target = place / name
            marked = answer.cast(marked_synthetic(answer.schema, synthetic))
            write_whole(target, partial(pq.write_table, marked))
            written[name.removesuffix(".parquet")] = target
        record = place / "materialization.json"
        text = self.materialization.to_json() + "\n"
        write_whole(record, lambda path: Path(path).write_text(text, "utf-8"))
        return {**written, "materialization": record}

    def to_graphml(self, path: str | Path, threshold: int = 1) -> Path:
        """Write the whole graph as GraphML; attributes are as `get_subgraph` describes.

        Parameters
        ----------
        path
            The file to write; replaced if it exists.
        threshold
            Smallest weight of a connection, in synapses, inclusive.

        Raises
        ------
        InputError
            The file cannot be written.
        """
        import networkx as nx

        graph = self.to_networkx(threshold)
        target = Path(path)
        write_whole(target, lambda place: nx.write_graphml(graph, place, infer_numeric_types=False))
        return target
