"""The indexes of a graph in Neo4j: some for look-ups, others for exploring by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.stages.displaynames import DISPLAY_NAME, NAMING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphapi.graph.materialization import Field

#: Query files that create the indexes for look-ups.
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
#: Suffixes of text fields that need no search for words.
_NO_WORDS = ("position", "link", "url")


def expected_indexes(fields: Sequence[Field]) -> dict[str, list[str]]:
    """Return the properties of each expected index, by its name.

    Parameters
    ----------
    fields
        Annotation fields of neurons.
    """
    return {
        **_NEEDED,
        **{index_name(name): [name] for name in looked_up(fields)},
        "cavegraph_neuron_text": with_words(fields),
    }


def index_name(field: str) -> str:
    """Return the name of the index on a field of neurons."""
    return f"cavegraph_neuron_{field}"


def looked_up(fields: Iterable[Field]) -> list[str]:
    """Return the fields with a separate index."""
    types = {field.name: field.type for field in fields}
    return [name for name in _LOOKED_UP if types.get(name) in _SCALARS]


def with_words(fields: Iterable[Field]) -> list[str]:
    """Return the fields of the full-text index."""
    found = [f.name for f in fields if f.type in _TEXTS and not f.name.lower().endswith(_NO_WORDS)]
    return list(dict.fromkeys([DISPLAY_NAME, *found]))
