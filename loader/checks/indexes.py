"""Which indexes a graph in Neo4j has: those that look-ups need, and those for explorers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.stages.displaynames import DISPLAY_NAME, NAMING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphapi.graph.materialization import Field

#: Query files that make those which look-ups need.
SCHEMA = (
    "constrain_neurons",
    "constrain_annotations",
    "constrain_record",
    "index_annotation_roots",
)
_NEEDED = {
    "cavegraph_neuron": ["root_id"],
    "cavegraph_annotation": ["annotation_id"],
    "cavegraph_record": ["slot"],
    "cavegraph_annotation_root": ["root_id"],
}
#: Fields that queries start from.
_LOOKED_UP = (*NAMING, "cell_instance", "side", "hemilineage", "nucleus_id")
_SCALARS = ("string", "int", "bool")
_TEXTS = ("string", "list[string]")
#: Ends of names of text fields in which nobody looks for words.
_NO_WORDS = ("position", "link", "url")


def expected_indexes(fields: Sequence[Field]) -> dict[str, list[str]]:
    """List the properties of every index, by its name.

    Parameters
    ----------
    fields
        Of neurons.
    """
    return {
        **_NEEDED,
        **{index_name(name): [name] for name in looked_up(fields)},
        "cavegraph_neuron_text": with_words(fields),
    }


def index_name(field: str) -> str:
    """Name the index of one field of neurons."""
    return f"cavegraph_neuron_{field}"


def looked_up(fields: Iterable[Field]) -> list[str]:
    """List the fields that have an index of their own."""
    types = {field.name: field.type for field in fields}
    return [name for name in _LOOKED_UP if types.get(name) in _SCALARS]


def with_words(fields: Iterable[Field]) -> list[str]:
    """List the fields in which words are looked for."""
    found = [f.name for f in fields if f.type in _TEXTS and not f.name.lower().endswith(_NO_WORDS)]
    return list(dict.fromkeys([DISPLAY_NAME, *found]))
