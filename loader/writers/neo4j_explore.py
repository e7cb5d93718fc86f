"""What makes a graph in Neo4j pleasant to explore by hand: readable names, and indexes.

Neither changes an answer of the API: a name is made of the annotation, and indexes only
make finding quick. Labels by class are no part of it; `cypher/explore/colours_on.cypher`
gives them to who wants them (`docs/decisions/0090`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from graphapi.engines.queries import catalog, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from graphapi.engines.neo4j import Neo4jEngine
    from graphapi.graph.materialization import Field

#: The property that pictures write on a neuron.
DISPLAY_NAME = "display_name"
#: Fields that say what a neuron is, the most telling first.
_NAMING = ("name", "cell_type", "type", "cell_class", "class", "super_class")
#: Fields that queries start from.
_LOOKED_UP = (*_NAMING, "cell_instance", "side", "hemilineage", "nucleus_id")
_SCALARS = ("string", "int", "bool")
_TEXTS = ("string", "list[string]")
#: Ends of names of text fields in which nobody looks for words.
_NO_WORDS = ("position", "link", "url")


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
        yield batch.append_column(DISPLAY_NAME, _display_names(batch))


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
    types = {field.name: field.type for field in fields}
    for name in _LOOKED_UP:
        if types.get(name) in _SCALARS:
            query = queries["index_neuron_field"].with_property(name)
            engine.write(query, {"name": f"cavegraph_neuron_{name}"})
    engine.write(queries["drop_neuron_text"])
    words = [DISPLAY_NAME, *(n for n, kind in types.items() if kind in _TEXTS and _has_words(n))]
    by_words = queries["index_neuron_text"]
    listed = ", ".join(f"n.{quoted(name)}" for name in dict.fromkeys(words))
    engine.write(replace(by_words, text=by_words.text.replace(f"n.{quoted(DISPLAY_NAME)}", listed)))
    engine.write(queries["await_indexes"])


def _has_words(name: str) -> bool:
    return not name.lower().endswith(_NO_WORDS)


def _display_names(batch: pa.RecordBatch) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    def text(name: str) -> pa.Array:
        there = name in batch.schema.names and pa.types.is_string(batch.schema.field(name).type)
        column = batch.column(name) if there else pa.nulls(batch.num_rows, pa.string())
        trimmed = pc.utf8_trim_whitespace(column)
        return pc.if_else(pc.equal(trimmed, ""), None, trimmed)

    side = pc.utf8_upper(pc.utf8_slice_codeunits(text("side"), 0, 1))
    ending = pc.coalesce(pc.binary_join_element_wise("", side, " "), "")
    kind = pc.coalesce(*(text(name) for name in _NAMING[1:]))
    digits = pc.utf8_slice_codeunits(pc.cast(batch.column("root_id"), pa.string()), -4)
    return pc.coalesce(
        text("name"),
        pc.binary_join_element_wise(kind, ending, ""),
        pc.binary_join_element_wise("Unknown", digits, " "),
    )
