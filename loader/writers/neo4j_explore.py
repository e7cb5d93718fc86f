"""Display names and indexes, for exploring a graph in Neo4j by hand.

They change no results of the API: names are made from annotations, and indexes only speed up
look-ups. Class labels are optional; `cypher/explore/colours_on.cypher` adds them
(`docs/decisions/0090`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from graphapi.engines.queries import catalog, quoted
from loader.checks.indexes import NEURON_TEXT, index_name, looked_up, missing_indexes, with_words
from loader.stages.displaynames import DISPLAY_NAME, display_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from graphapi.engines.neo4j import Neo4jEngine
    from graphapi.graph.materialization import Field


def with_display_names(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Add the column `display_name` to batches of neurons.

    Parameters
    ----------
    batches
        Rows with `root_id` and any annotation fields.

    Yields
    ------
    pyarrow.RecordBatch
        The same rows. The display name is the neuron's `name`; else its type, class or super
        class, whichever is present first, with the first letter of its side, such as `Delta7 L`;
        else `Unknown` with the last four digits of the root id.
    """
    for batch in batches:
        yield batch.append_column(DISPLAY_NAME, display_names(batch))


def make_explorable(engine: Neo4jEngine, fields: Sequence[Field]) -> None:
    """Create indexes on fields that people search, and wait until they are online.

    What is there already stays: after each change of indexes the server plans every query anew.

    Parameters
    ----------
    engine
        An engine that may write; its graph has neurons.
    fields
        Annotation fields of the neurons.
    """
    queries = catalog()
    for name in looked_up(fields):
        query = queries["index_neuron_field"].with_property(name)
        engine.write(query, {"name": index_name(name)})
    if NEURON_TEXT in missing_indexes(engine.indexes(), fields):
        engine.write(queries["drop_neuron_text"])  # it may be on the fields of an older graph
        by_words = queries["index_neuron_text"]
        listed = ", ".join(f"n.{quoted(name)}" for name in with_words(fields))
        text = by_words.text.replace(f"n.{quoted(DISPLAY_NAME)}", listed)
        engine.write(replace(by_words, text=text))
    engine.write(queries["await_indexes"])
