"""The record of a graph: its datastack, its materialization version and how it was loaded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from graphapi.engines.queries import catalog
from graphapi.errors import (
    GraphFileError,
    GraphIncompleteError,
    GraphNotFoundError,
    QueryRejectedError,
)

if TYPE_CHECKING:
    from graphapi.engines.base import Engine

#: Version of the graph model; a graph of another version is refused.
FORMAT_VERSION = 2
#: Left out of the JSON where there are none.
_IF_ANY = ("connection_fields", "regions", "region_source")


@dataclass(frozen=True)
class Field:
    """An annotation field or neuron property.

    Attributes
    ----------
    name
        Name in the graph.
    type
        `int`, `float`, `string`, `bool` or `list[...]` of the first three.
    source
        The annotation table it came from; empty if the load computed it.
    """

    name: str
    type: str
    source: str = ""


@dataclass(frozen=True)
class Materialization:
    """The record of a load, stored in the graph as its only `:Materialization` node.

    The node's property `record` holds the record as JSON. The loader also writes simple values as
    properties, for people who look at the node in a browser. `reading` records how each file was
    read: its family, the role of each column, unused columns, and rows and neurons excluded on
    request. `region_source` says where synapses have their regions in CAVE.
    """

    datastack: str
    version: int
    timestamp: str
    source: str
    load_id: str
    loaded_at: str
    cavegraph_version: str
    server: str = ""
    synapse_table: str = ""
    soma_table: str = ""
    segmentation_table: str = ""
    min_size: float | None = None
    has_size: bool = True
    synthetic: bool = False
    viewer_resolution: tuple[float, ...] = ()
    synapse_resolution: tuple[float, ...] = ()
    image_source: str = ""
    segmentation_source: str = ""
    brain_mesh_source: str = ""
    annotation_fields: tuple[Field, ...] = ()
    neuron_fields: tuple[Field, ...] = ()
    connection_fields: tuple[Field, ...] = ()
    regions: tuple[str, ...] = ()
    region_source: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reading: dict[str, Any] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def when(self) -> datetime | None:
        """Time of the segmentation (timezone-aware, UTC); None for graphs made from files."""
        return datetime.fromisoformat(self.timestamp) if self.timestamp else None

    def _repr_html_(self) -> str:
        rows = (
            f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
            for name, value in asdict(self).items()
            if value not in ("", None, (), {}) and not name.endswith("_fields")
        )
        return f"<table>{''.join(rows)}</table>"

    def to_json(self) -> str:
        """Return the record as JSON, without connection fields and regions if it has none."""
        said = asdict(self)
        for name in _IF_ANY:
            if not said[name]:
                del said[name]
        return json.dumps(said, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Materialization:
        """Read a record from JSON.

        Raises
        ------
        GraphFileError
            The text is not a record of this graph model.
        """
        try:
            raw: dict[str, Any] = json.loads(text)
            version = raw.get("format_version")
        except (ValueError, AttributeError, RecursionError) as error:
            raise GraphFileError("the graph's :Materialization record is damaged") from error
        if version != FORMAT_VERSION:
            raise GraphFileError(
                f"the graph has format {version}, but this program reads format {FORMAT_VERSION}",
                hint="load it again, or use the version of cavegraph that made it: "
                f"{raw.get('cavegraph_version')}",
            )
        try:
            raw = {**dict.fromkeys(_IF_ANY, ()), **raw}
            raw["region_source"] = dict(raw["region_source"])
            for name in ("annotation_fields", "neuron_fields", "connection_fields"):
                raw[name] = tuple(Field(**item) for item in raw[name])
            for name in ("viewer_resolution", "synapse_resolution", "notes", "regions"):
                raw[name] = tuple(raw[name])
            return cls(**raw)
        except (TypeError, KeyError) as error:
            raise GraphFileError("the graph's :Materialization record is damaged") from error


def read_materialization(engine: Engine, *, timeout: float | None = None) -> Materialization:
    """Read the record of the graph behind an engine.

    Parameters
    ----------
    engine
        The database that holds the graph.
    timeout
        Seconds after which the database stops the query; None for no limit.

    Raises
    ------
    GraphNotFoundError
        The server is empty, and no load is running.
    GraphIncompleteError
        There is no record, or it says that a load has not finished.
    GraphFileError
        The database holds another kind of graph, or a graph of another format.
    """
    try:
        rows = engine.run(catalog()["materialization"], timeout=timeout).to_pylist()
    except QueryRejectedError as error:
        raise GraphFileError(
            f"'{engine.uri}' holds no cavegraph graph", hint="make one with `cavegraph load`"
        ) from error
    if not rows and engine.name == "neo4j" and not _is_being_loaded(engine, timeout):
        raise GraphNotFoundError(
            f"'{engine.uri}' holds no graph",
            hint=f"load one: cavegraph load SOURCE --to {engine.uri}",
        )
    complete = [row for row in rows if row["status"] == "complete"]
    if len(rows) != 1 or not complete:
        raise GraphIncompleteError(
            f"'{engine.uri}' holds no finished graph"
            + (": a load is running or was interrupted" if rows else ""),
            hint="run the same `cavegraph load` again to resume it",
        )
    try:
        return Materialization.from_json(complete[0]["record"])
    except GraphFileError as error:
        raise GraphFileError(f"'{engine.uri}': {error.message}", hint=error.hint) from error


def _is_being_loaded(engine: Engine, timeout: float | None) -> bool:
    return bool(engine.run(catalog()["marked_loads"], timeout=timeout).num_rows)
