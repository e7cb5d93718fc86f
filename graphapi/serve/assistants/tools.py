"""The tools: which question each one asks, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

from graphapi.common.jsonvalues import SAFE_IN_JSON, is_id
from graphapi.errors import InvalidRootIdError
from graphapi.ids import parse_root_ids
from graphapi.network.nulls import NullKind
from graphapi.serve.answer import Answer
from graphapi.serve.given import Given
from graphapi.serve.routes import graph, hops, neurons, own, partners, types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphapi.serve.desk import Answering, Desk

#: How a table is shown; the names are those of the HTTP API.
FORMS = ("limit", "offset", "sort", "columns")
USUAL_ROWS = 50
MOST_ROWS = 1000

_ID = {"type": ["string", "integer"]}
_IDS: dict[str, Any] = {
    "description": "Root ids (as texts), or conditions such as 'cell_class=ER;side=left', "
    "or '@name' for a saved set.",
    "anyOf": [_ID, {"type": "array", "items": _ID}],
}
_WANTED: dict[str, Any] = {
    "description": "Root ids, or conditions such as 'cell_class=ER;side=left', '@name' for a "
    "saved set, or any text to look for in all fields.",
    "anyOf": [_ID, {"type": "array", "items": _ID}],
}
_PARAMS: dict[str, Any] = {
    "type": "object",
    "description": "Values of the query's $names. Root ids may be texts in $id, $ids, $pre, "
    "$post and names that end in _id or _ids.",
}
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _neurons(role: str) -> dict[str, Any]:
    return {**_IDS, "description": f"{role}: {_IDS['description']}"}


def _whole(about: str, **limits: int) -> dict[str, Any]:
    return {"type": "integer", "description": about, **limits}


def _text(about: str) -> dict[str, Any]:
    return {"type": "string", "description": about}


def _texts(about: str) -> dict[str, Any]:
    return {**_TEXTS, "description": about}


def _flag(about: str) -> dict[str, Any]:
    return {"type": "boolean", "description": about}


def _choice(about: str, *options: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(options), "description": about}


_WAYS = ("upstream", "downstream")
_REGEX = _flag("Read values in conditions as regular expressions.")
_THRESHOLD = _whole("Fewest synapses of a connection that counts. Default 1.", minimum=1)
_REGIONS = _texts("Count only synapses in these regions.")
_TABLE = {
    "limit": _whole(f"Most rows to show. Default {USUAL_ROWS}.", minimum=1, maximum=MOST_ROWS),
    "offset": _whole("Rows to skip: next_offset of the last answer.", minimum=0),
    "sort": _text("Column to sort by; '-weight' puts the largest first."),
    "columns": _texts("Show only these columns."),
}
#: Parts of an answer, as JSON schemas: short, because an assistant reads them for each tool.
_LIST = {"type": "array"}
_OBJECT = {"type": "object"}
_ROWS: dict[str, Any] = {
    "columns": {"type": "array", "items": {"type": "object", "required": ["name", "kind"]}},
    "rows": {"type": "array", "items": _LIST},
    "total": {"type": "integer"},
    "offset": {"type": "integer"},
    "next_offset": {"type": ["integer", "null"]},
}
_TOLD: dict[str, Any] = {
    "left_out": {"type": "array", "items": {"type": "string"}},
    "notes": {"type": "array", "items": {"type": "object", "required": ["kind", "message"]}},
    "provenance": {
        "type": "object",
        "properties": {
            "datastack": {"type": "string"},
            "version": {"type": "integer"},
            "synthetic": {"type": "boolean"},
            "load_id": {"type": "string"},
            "source": {"enum": ["graph", "cave"]},
            "checks": _LIST,
            "id_mapping": _OBJECT,
        },
        "required": ["datastack", "version", "synthetic", "load_id", "source", "checks"],
    },
    "as": _OBJECT,
}


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes
    ----------
    name, title, about
        What an assistant and a person read of it.
    answer
        The function that answers.
    takes
        Its parameters: JSON schemas by name.
    needs
        Names of those that it cannot do without.
    tells
        JSON schemas of what it tells beside its table.
    table
        Whether its answer is a table.
    rest
        How to get what the question itself has left out.
    """

    name: str
    title: str
    about: str
    answer: Answering
    takes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    tells: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    table: bool = True
    rest: str = ""

    @property
    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of its parameters."""
        return {
            "type": "object",
            "properties": {**self.takes, **(_TABLE if self.table else {})},
            "required": list(self.needs),
            "additionalProperties": False,
        }

    @property
    def output_schema(self) -> dict[str, Any]:
        """Return the JSON schema of its answers."""
        told = {**_TOLD, **(_ROWS if self.table else {})}
        return {"type": "object", "properties": {**self.tells, **told}, "required": list(told)}

    def given(
        self, arguments: Mapping[str, object], set_named: Callable[[str], list[str]]
    ) -> Given:
        """Return the parameters of a call.

        Raises
        ------
        InputError
            A parameter is not known, or more rows are asked for than a tool shows.
        InvalidRootIdError
            A root id is a number with a fraction, or one that a program may have rounded.
        """
        values = {
            name: _read(value, name, self.takes.get(name)) for name, value in arguments.items()
        }
        forms = FORMS if self.table else ()
        if self.table:
            values["limit"] = Given(values, self.takes, set_named, forms).whole(
                "limit", USUAL_ROWS, least=1, most=MOST_ROWS
            )
        return Given(values, self.takes, set_named, forms)


def _read(value: object, name: str, schema: Mapping[str, Any] | None) -> object:
    """Return a parameter as the HTTP API takes it: ids are texts, those of a query are numbers."""
    if schema is _WANTED and isinstance(value, list):
        return ", ".join(str(_as_text(one, name)) for one in value)
    if schema is not None and schema.get("anyOf") == _IDS["anyOf"]:
        return (
            [_as_text(one, name) for one in value]
            if isinstance(value, list)
            else _as_text(value, name)
        )
    if schema is _PARAMS and isinstance(value, dict):
        return {key: _number(one, key) for key, one in value.items()}
    return value


def _as_text(value: object, name: str) -> object:
    _check_exact(value, name)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else value


def _number(value: object, name: str) -> object:
    """Return a value of a query: root ids are numbers there."""
    is_ids = is_id(name) or is_id(name.removesuffix("s"))
    for one in value if isinstance(value, list) else [value]:
        if is_ids or isinstance(one, int):
            _check_exact(one, name)
    if not is_ids:
        return value
    found: list[int] = parse_root_ids(value, what=name).tolist()
    return found if isinstance(value, list) else found[0]


def _check_exact(value: object, name: str) -> None:
    """Refuse numbers that another program may have rounded on the way."""
    rounded = isinstance(value, float)
    if isinstance(value, int) and abs(value) > SAFE_IN_JSON:
        rounded = value.bit_length() <= 64 and Decimal(repr(float(value))) == value
    if rounded:
        raise InvalidRootIdError(
            f"{name}: {value!r} may be rounded, so it is not a root id",
            hint='write root ids as texts: "576460752773799604"',
        )


def _saved(desk: Desk, given: Given) -> Answer:
    """List the saved queries as a table."""
    import pandas as pd

    found = own.saved(desk, given)
    names = ["name", "folder", "summary", "change", "text"]
    frame = pd.DataFrame(found.values["queries"], columns=names)
    return Answer(frame, shown=found.shown)


#: Every tool, in the order in which an assistant reads them.
TOOLS = (
    Tool(
        "describe_graph",
        "What this graph is",
        "Say which connectome this is: datastack, materialization version, whether it is "
        "synthetic, numbers of neurons and connections, and the fields and regions to ask by. "
        "Ask this first.",
        graph.info,
        tells={"name": _text("Datastack and version."), "fields": _LIST},
        table=False,
    ),
    Tool(
        "list_values",
        "Values of a field",
        "List the values of an annotation field, such as cell types, with the number of neurons "
        "of each.",
        neurons.values,
        {
            "field": _text("Field; describe_graph lists them."),
            "prefix": _text("Only values that begin with this; case does not matter."),
        },
        ("field",),
    ),
    Tool(
        "find_neurons",
        "Find neurons",
        "Find neurons by root ids, by conditions on their fields, or by a text in any field. "
        "Returns their properties. Root ids of other versions are mapped to this one.",
        neurons.search,
        {"text": _WANTED, "regex": _REGEX},
        ("text",),
        {
            "read_as": _choice("How the text was read.", "ids", "conditions", "set", "text"),
            "unknown": _LIST | {"items": {"type": "string"}},
        },
    ),
    Tool(
        "get_partners",
        "Partners of neurons",
        "List the presynaptic (upstream) or postsynaptic (downstream) partners of neurons, "
        "strongest first, with weights (numbers of synapses) and shares of input and output. "
        "'by' sums over a property of the partners, such as their type.",
        partners.partners,
        {
            "neurons": _IDS,
            "direction": _choice(
                "upstream: their inputs; downstream (default): their outputs.", *_WAYS
            ),
            "threshold": _THRESHOLD,
            "regions": _REGIONS,
            "by": _texts("Group partners by these properties."),
            "among": _neurons("Only partners among these neurons"),
            "fields": _texts("Properties of the partners to add as columns."),
            "regex": _REGEX,
        },
        ("neurons",),
        {"synapses": _whole("Synapses of all rows, also those not shown.")},
    ),
    Tool(
        "get_common_partners",
        "Shared partners",
        "List the partners that several neurons share, with the weight of each connection.",
        partners.common,
        {
            "neurons": _IDS,
            "direction": _choice(
                "upstream (default): shared inputs; downstream: shared outputs.", *_WAYS
            ),
            "threshold": _THRESHOLD,
            "at_least": _whole("Partners of at least so many of them. Default: of all.", minimum=1),
            "regex": _REGEX,
        },
        ("neurons",),
    ),
    Tool(
        "get_type_table",
        "Connections from type to type",
        "Sum connections from type to type: numbers of connections and synapses, and shares.",
        types.types,
        {
            "by": _text("Property that groups neurons. Default: their class or type."),
            "pre": _neurons("Only from these neurons"),
            "post": _neurons("Only to these neurons"),
            "threshold": _THRESHOLD,
            "regions": _REGIONS,
            "by_region": _flag("One row for each region."),
            "regex": _REGEX,
        },
        tells={"by": _text("Property that groups neurons.")},
    ),
    Tool(
        "list_regions",
        "Synapses by region",
        "List brain regions with their synapses, or those of some neurons.",
        types.regions,
        {"neurons": _IDS, "regex": _REGEX},
    ),
    Tool(
        "find_paths",
        "Paths between neurons",
        "Find paths from source neurons to target neurons along connections.",
        hops.paths,
        {
            "sources": _neurons("From"),
            "targets": _neurons("To"),
            "kind": _choice(
                "shortest (default): fewest hops; strongest: largest weights; all.",
                *("shortest", "strongest", "all"),
            ),
            "max_hops": _whole("Most connections in a path. Default 4.", minimum=1, maximum=20),
            "threshold": _THRESHOLD,
            "paths": _whole("Most paths to find. Default 10000.", minimum=1, maximum=100_000),
            "regex": _REGEX,
        },
        ("sources", "targets"),
        {"cut_off": _flag("Whether there are more paths than were found.")},
        rest="there are more paths; a larger 'paths' finds them",
    ),
    Tool(
        "rank_influence",
        "Influence over many hops",
        "Rank neurons, or groups of them, by the influence of seed neurons over paths of all "
        "lengths: the steady state of linear dynamics.",
        hops.influence,
        {
            "seeds": _neurons("Where the activity starts"),
            "silenced": _neurons("Without these neurons"),
            "targets": _neurons("Only on these neurons"),
            "by": _text("Sum over this property of the neurons."),
            "signed": _choice("Count inhibition as negative, by this table.", "fly", "mammal"),
            "threshold": _whole("Fewest synapses of a connection. Default 5.", minimum=1),
            "measure": _choice(
                "Weight of a connection: synapses (default), or its share of the target's input.",
                *("synapses", "share_of_input"),
            ),
            "fields": _texts("Properties of the neurons to add as columns."),
            "regex": _REGEX,
        },
        ("seeds",),
    ),
    Tool(
        "count_motif",
        "Count a motif",
        "Count a network motif, list examples, and compare the count with random graphs. Motifs "
        "are in DotMotif's language: 'A -> B; B -> C; A -> C', 'A -> B [weight >= 10]', "
        "'A !> C', 'A.cell_class = \"ER\"'.",
        hops.motifs,
        {
            "motif": _text("The motif."),
            "matches": _whole("Most examples. Default 100.", minimum=1, maximum=100_000),
            "nulls": _whole("Random graphs to compare with, 20 or more. Default 0."),
            "model": _choice("What random graphs keep. Default: degree.", *get_args(NullKind)),
            "seed": _whole("Seed of the random graphs. Default 0."),
        },
        ("motif",),
        {
            "count": _whole("Matches in the whole graph."),
            "cut_off": _flag("Whether the table has fewer matches than there are."),
        },
        rest="the table has examples only, 'count' counts all; a larger 'matches' lists more",
    ),
    Tool(
        "run_cypher",
        "Run a Cypher query",
        "Run a Cypher query that only reads. Model: (:Neuron {root_id, ...}) "
        "-[:CONNECTS {weight}]-> (:Neuron); (:Annotation)-[:ANNOTATES]->(:Neuron). Count or sum in "
        "the query where you can. saved_queries has examples.",
        own.cypher,
        {"text": _text("The query."), "params": _PARAMS},
        ("text",),
        {"found": _whole("Rows of the query."), "cut_off": _flag("Whether some cannot be shown.")},
        rest="'found' counts all rows of the query; add SKIP and LIMIT to it for those after "
        "the last one that offset reaches",
    ),
    Tool(
        "saved_queries",
        "Saved Cypher queries",
        "List Cypher queries that run on this graph, with what each shows and what can be changed.",
        _saved,
    ),
)
