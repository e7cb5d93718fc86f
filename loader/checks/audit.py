"""Check that no query about a few neurons reads the whole graph, by the database's own plans.

Each query file runs with PROFILE or EXPLAIN. Queries about given neurons run for one neuron with
few connections: reading more than these connections is a fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.engines.queries import catalog
from graphapi.errors import FullScanError
from graphapi.graph.materialization import read_materialization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.engines.base import Engine
    from graphapi.engines.plan import Step
    from graphapi.engines.queries import Query
    from graphapi.graph.materialization import Materialization

#: The root id to use if a graph has no connection.
_NOBODY = 1
#: Number of neurons among which to find one with few connections.
_LOOKED_AT = 1_000
#: Steps of Neo4j that read all nodes or relationships, of one kind or of all kinds.
_READS_ALL = re.compile(
    r"^(Partitioned)?(AllNodes|(Union|Intersection)?NodeByLabels?|NodeIndex|"
    r"(Directed|Undirected).*(Relationships?|Type|Types|Index))Scan$"
)
_READS_EVERYTHING = ("AllNodesScan", "AllRelationshipsScan")
#: Queries for Neo4j Browser that start from one neuron, with its id in their text.
_STARTS_AT_ONE = re.compile(r"\{root_id:\s*\w+\}")
_PASSES = ("SCAN_NODE_TABLE", "SCAN_REL_TABLE")
#: A value for a parameter of each type; lists of numbers are ids.
_EXAMPLES: dict[str, object] = {
    "int": 1,
    "float": 1.0,
    "string": "x",
    "bool": True,
    "list[string]": ["x"],
}


@dataclass(frozen=True)
class Finding:
    """What the database does for one query file.

    Parameters
    ----------
    query, path
        Name and file of the query.
    about_given
        The query is about given neurons, so it must not read all of them.
    scans
        Steps that read all nodes or relationships of a kind.
    wrong
        The scans that are faults.
    """

    query: str
    path: str
    about_given: bool
    scans: tuple[Step, ...]
    wrong: tuple[Step, ...]

    @property
    def ok(self) -> bool:
        """Return whether the query has no fault."""
        return not self.wrong


@dataclass(frozen=True)
class AuditReport:
    """The findings for all query files, in the catalogue's order."""

    uri: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Return whether no query has a fault."""
        return all(finding.ok for finding in self.findings)

    def raise_if_wrong(self) -> None:
        """Raise an error if a query about given neurons reads the whole graph.

        Raises
        ------
        FullScanError
            A query reads the whole graph; the message names the files.
        """
        bad = [finding for finding in self.findings if not finding.ok]
        if bad:
            raise FullScanError(
                f"'{self.uri}': queries about a few neurons read the whole graph: "
                + "; ".join(f"{f.path}: {', '.join(map(str, f.wrong))}" for f in bad),
                hint="on Neo4j an index is missing: `cavegraph load` and `cavegraph finish-import` "
                "create the indexes; else rewrite the query file",
            )

    def __str__(self) -> str:
        given = sum(finding.about_given for finding in self.findings)
        lines = [
            f"{self.uri}: {len(self.findings)} query files, {given} about given neurons; "
            + (
                "none of these reads the whole graph"
                if self.ok
                else "SOME OF THESE READ THE WHOLE GRAPH"
            )
        ]
        lines += [_line(finding) for finding in self.findings]
        return "\n".join(lines)


def audit_queries(engine: Engine) -> AuditReport:
    """Check how a graph's database runs every query file.

    Parameters
    ----------
    engine
        An open graph. Nothing is written; queries over the whole graph are only planned.

    Returns
    -------
    AuditReport
        Findings. On Neo4j, queries that write rows and queries for the Browser are included;
        LadybugDB does not run these. A query that groups neurons by a text property runs with
        a property of the graph, and is left out if the graph has none. So are queries about
        regions, or transmitters of connections, if the graph has none.
    """
    sample = _sample(engine)
    record = read_materialization(engine)
    texts = [item.name for item in record.neuron_fields if item.type == "string"]
    absent = _absent(record)
    looked_at = [
        query
        for query in catalog()
        if _concerns(engine, query)
        and (texts or not query.property)
        and not any(part in query.text for part in absent)
    ]
    found = (_look(engine, _on_own_field(query, texts), sample) for query in looked_at)
    return AuditReport(engine.uri, tuple(found))


def _absent(record: Materialization) -> list[str]:
    """Return what queries can name and this graph does not have."""
    fields = {field.name for field in record.connection_fields}
    missing = [] if record.regions else [":CONNECTS_IN]"]
    return missing if "transmitter" in fields else [*missing, "c.transmitter"]


def _on_own_field(query: Query, texts: Sequence[str]) -> Query:
    if not query.property or query.property in texts:
        return query
    return query.with_property(texts[0])


def _concerns(engine: Engine, query: Query) -> bool:
    folder = query.path.split("/")[1]
    if engine.name == "neo4j":
        return query.mode == "read" or _takes_rows(query)
    return query.mode == "read" and folder in ("read", "verify", "motifs")


@dataclass(frozen=True)
class _Sample:
    """One neuron, and its number of connections."""

    root_id: int
    connections: int


def _sample(engine: Engine) -> _Sample:
    queries = catalog()
    some = engine.run(queries["all_neurons"]).column("root_id").slice(0, _LOOKED_AT)
    rows = engine.run(queries["partners_of"], {"ids": some.to_pylist()}).to_pylist()
    connected = [r for r in rows if r["in_partners"] and r["out_partners"]]
    connected = connected or [r for r in rows if r["in_partners"] or r["out_partners"]]
    few = [_Sample(r["root_id"], r["in_partners"] + r["out_partners"]) for r in connected]
    return min(few, key=lambda neuron: neuron.connections, default=_Sample(_NOBODY, 0))


def _look(engine: Engine, query: Query, sample: _Sample) -> Finding:
    given = _is_about_given(query)
    shown = query.with_properties({}) if query.properties else query
    params = {item.name: _EXAMPLES.get(item.type, [sample.root_id]) for item in shown.params}
    if "id" in params:
        params["id"] = sample.root_id
    if _takes_rows(shown):
        params["rows"] = []
    steps = engine.plan(shown, params, profile=given and shown.mode == "read")
    if engine.name == "neo4j":
        scans, wrong = _scans(steps, given)
    else:
        scans = tuple(step for step in steps if step.operator in _PASSES and step.rows != 0)
        wrong = tuple(step for step in scans if given and _in_vain(step, sample))
    return Finding(query.name, query.path, given, scans, wrong)


def _is_about_given(query: Query) -> bool:
    ids = any(item.type == "list[int]" or item.name == "id" for item in query.params)
    return ids or _takes_rows(query) or _STARTS_AT_ONE.search(query.text_for("neo4j")) is not None


def _takes_rows(query: Query) -> bool:
    return query.mode == "write" and any(item.name == "rows" for item in query.params)


def _scans(steps: tuple[Step, ...], given: bool) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return scans on Neo4j: a step that uses an index is not a scan.

    No query may read nodes of all labels.
    """
    scans = tuple(step for step in steps if _READS_ALL.match(step.operator))
    everything = tuple(step for step in scans if step.operator.endswith(_READS_EVERYTHING))
    return scans, scans if given else everything


def _in_vain(step: Step, sample: _Sample) -> bool:
    """Return scans on LadybugDB: it stores connections by neuron, so it must not read others.

    LadybugDB has no index for a list of ids before connections. It finds the neurons by a pass
    over one column of the nodes, which is recorded but is not a fault (docs/decisions/0070).
    """
    return step.operator == "SCAN_REL_TABLE" and (step.rows or 0) > sample.connections


def _line(finding: Finding) -> str:
    if not finding.ok:
        return f"  SCANS {finding.query}: {', '.join(map(str, finding.wrong))}"
    if not finding.about_given:
        return f"  whole {finding.query}: is a query about the whole graph"
    passes = "; ".join(str(step) for step in finding.scans)
    return f"  ok    {finding.query}" + (f": {passes}" if passes else "")
