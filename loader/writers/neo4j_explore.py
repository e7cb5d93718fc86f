"""What makes a graph in Neo4j pleasant to explore by hand: readable names, and indexes.

Neither changes an answer of the API: a name is made of the annotation, and indexes only
make finding quick. Labels by class are no part of it; `cypher/explore/colours_on.cypher`
gives them to who wants them (`docs/decisions/0090`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from graphapi.engines.queries import catalog, quoted
from loader.checks.indexes import index_name, looked_up, with_words
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
        With `root_id` and any annotation fields.

    Yields
    ------
    pyarrow.RecordBatch
        The same rows. A name is the neuron's `name`; else the first of its type, class and
        super class that it has, with the first letter of its side: `Delta7 L`; else
        `Unknown` with the last four digits of the root id, to tell neighbours apart.
    """
    for batch in batches:
        yield batch.append_column(DISPLAY_NAME, display_names(batch))


def make_explorable(engine: Neo4jEngine, fields: Sequence[Field]) -> None:
    """Index what people look for, and wait until the indexes are there.

    Parameters
    ----------
    engine
        A writing one; its graph's neurons are there.
    fields
        The neurons' annotation fields.
    """
    queries = catalog()
    for name in looked_up(fields):
        query = queries["index_neuron_field"].with_property(name)
        engine.write(query, {"name": index_name(name)})
    engine.write(queries["drop_neuron_text"])
    by_words = queries["index_neuron_text"]
    listed = ", ".join(f"n.{quoted(name)}" for name in with_words(fields))
    engine.write(replace(by_words, text=by_words.text.replace(f"n.{quoted(DISPLAY_NAME)}", listed)))
    engine.write(queries["await_indexes"])
