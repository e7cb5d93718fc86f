"""The indexes of a graph in Neo4j: some for look-ups, others for exploring by hand.

An index counts by what it is on, not by its name: a database may have had the same one under
another name, and then ours is not created. Only the full-text index is asked by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.engines.neo4jindexes import Index
from graphapi.errors import LoadError
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
_NEEDED = (
    ("cavegraph_neuron", "Neuron", "root_id", True),
    ("cavegraph_annotation", "Annotation", "annotation_id", True),
    ("cavegraph_record", "Materialization", "slot", True),
    ("cavegraph_annotation_root", "Annotation", "root_id", False),
)
#: The full-text index of neurons.
NEURON_TEXT = "cavegraph_neuron_text"
_RANGE, _FULLTEXT = "RANGE", "FULLTEXT"
#: Fields that queries start from.
_LOOKED_UP = (*NAMING, "cell_instance", "side", "hemilineage", "nucleus_id")
_SCALARS = ("string", "int", "bool")
_TEXTS = ("string", "list[string]")
#: Suffixes of text fields that need no search for words.
_NO_WORDS = ("position", "link", "url")


def expected_indexes(fields: Sequence[Field]) -> list[Index]:
    """Return the indexes of a graph, under our names.

    Parameters
    ----------
    fields
        Annotation fields of neurons.
    """
    needed = [Index(name, _RANGE, frozenset([on]), frozenset([p]), u) for name, on, p, u in _NEEDED]
    neuron = frozenset(["Neuron"])
    handy = [
        Index(index_name(name), _RANGE, neuron, frozenset([name]), False)
        for name in looked_up(fields)
    ]
    words = frozenset(with_words(fields))
    return [*needed, *handy, Index(NEURON_TEXT, _FULLTEXT, neuron, words, False)]


def missing_indexes(there: Iterable[Index], fields: Sequence[Field]) -> list[str]:
    """Return our names of the indexes that are not there, or do not answer."""
    online = [index for index in there if index.online]
    return [
        wanted.name
        for wanted in expected_indexes(fields)
        if not any(_serves(index, wanted) for index in online)
    ]


def refuse_indexes_in_the_way(there: Iterable[Index], fields: Sequence[Field]) -> None:
    """Refuse a database in which an index of somebody else's keeps one of ours from being made.

    Raises
    ------
    LoadError
        An index has one of our names and is on something else; or a plain index is where ours is
        unique; or a full-text index of another name is on the same properties.
    """
    known = list(there)
    for wanted in expected_indexes(fields):
        if any(_serves(index, wanted) for index in known):
            continue
        for index in known:
            is_ours_of_before = wanted.kind == index.kind == _FULLTEXT and index.name == wanted.name
            if not is_ours_of_before and (index.name == wanted.name or _is_on(index, wanted)):
                what = "CONSTRAINT" if index.unique else "INDEX"
                name = index.name.replace("`", "``")
                raise LoadError(
                    f"the database has an index '{index.name}' where cavegraph needs one of "
                    f"another kind, '{wanted.name}'",
                    hint=f"nothing was changed; drop it with DROP {what} `{name}`, or use another "
                    "database",
                )


def _serves(index: Index, wanted: Index) -> bool:
    named = wanted.kind != _FULLTEXT or index.name == wanted.name
    return named and _is_on(index, wanted) and index.unique >= wanted.unique


def _is_on(index: Index, wanted: Index) -> bool:
    return (index.kind, index.on, index.properties) == (wanted.kind, wanted.on, wanted.properties)


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
