"""Neurons: their fields, their properties, and how to find them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import numpy as np

from graphapi.common.jsonvalues import cell
from graphapi.common.notices import collected
from graphapi.common.palette import UNKNOWN_COLOR
from graphapi.engines.queries import catalog
from graphapi.errors import ImageryNotFoundError, InputError, UnknownRootIdError
from graphapi.graph.criteria import NeuronCriteria, known_fields
from graphapi.serve import ascypher
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.astext import command, python_call
from graphapi.serve.desk import Question
from graphapi.serve.given import Chosen
from graphapi.serve.routes.common import class_colors, grouping, neurons_of
from graphapi.serve.tables import table_json

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.ask.partners import Direction
    from graphapi.connectome import Connectome
    from graphapi.ids import IdArray
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given

_MOST_SUGGESTIONS = 200
_WAYS: tuple[Direction, ...] = ("upstream", "downstream")
#: The neuron that saved queries are about until a person changes it.
_EXAMPLE = "576460752732847432"
#: How a condition begins: a field and a sign.
_CONDITION = re.compile(r"[^=<>!\"]+(=|!=|>=|<=)")
_SPECIAL = re.compile(r'[;,"]')


def values(desk: Desk, given: Given) -> Answer:
    """List the values of a field, with their counts."""
    connectome, field = desk.connectome, given.text("field")
    frame = connectome.get_field_values(field)
    prefix = given.text("prefix", "").casefold()
    if prefix:
        attrs = frame.attrs
        starts = [str(value).casefold().startswith(prefix) for value in frame["value"]]
        frame = frame[np.array(starts, dtype=bool)].reset_index(drop=True)
        frame.attrs = attrs
    shown = Shown(
        python_call(connectome, "get_field_values", _0=field),
        "",
        command(connectome, "values", field),
    )
    return Answer(frame, shown=shown)


def complete(desk: Desk, given: Given) -> Answer:
    """Suggest how what was typed may go on: fields, values with counts, sets, an id."""
    connectome, text = desk.connectome, given.text("text", "")
    most = given.whole("limit", 20, least=1, most=_MOST_SUGGESTIONS)
    before, separator, last = text.rpartition(";")
    lead, typed = before + separator, last.strip()
    found: list[dict[str, Any]] = []
    if typed.startswith("@"):
        found = [
            {"text": f"{lead}@{name}", "label": name, "kind": "set", "neurons": len(one["ids"])}
            for name, one in sorted(desk.sets.all().items())
            if name.casefold().startswith(typed[1:].casefold())
        ]
    elif "=" in typed:
        found = _values_like(connectome, lead, typed)
    elif typed and not typed[0].isdigit():
        folded = typed.casefold()
        names = known_fields(connectome)
        names.sort(key=lambda name: (not name.casefold().startswith(folded), name))
        found = [
            {"text": f"{lead}{name}=", "label": name, "kind": "field", "neurons": None}
            for name in names
            if folded in name.casefold()
        ]
        for name in _text_fields(connectome):
            found += _values_like(connectome, lead, f"{name}={typed}")
    elif typed:
        ids = [str(root) for root in connectome.root_ids().tolist() if str(root).startswith(typed)]
        found = [
            {"text": lead + one, "label": one, "kind": "id", "neurons": 1} for one in ids[:most]
        ]
    return Answer(values={"suggestions": found[:most], "total": len(found)})


def _values_like(connectome: Connectome, lead: str, typed: str) -> list[dict[str, Any]]:
    """Suggest values of a field: those that begin with what was typed, then those with it."""
    field, _, part = typed.partition("=")
    field, wanted = field.strip().rstrip("!<>"), part.strip().strip('"').casefold()
    if field not in known_fields(connectome):
        return []
    table = connectome.get_field_values(field)
    hits = [
        (not str(value).casefold().startswith(wanted), str(value), int(neurons))
        for value, neurons in zip(table["value"], table["neurons"], strict=True)
        if wanted in str(value).casefold()
    ]
    hits.sort(key=lambda hit: hit[0])  # the most neurons first within each
    return [
        {
            "text": f"{lead}{field}={_quoted(value)}",
            "label": f"{field} = {value}",
            "kind": "value",
            "neurons": neurons,
        }
        for _, value, neurons in hits
    ]


def _quoted(value: str) -> str:
    """Write a value so that a condition reads it as one text."""
    if _SPECIAL.search(value) or value != value.strip():
        doubled = value.replace('"', '""')
        return f'"{doubled}"'
    return value


def _text_fields(connectome: Connectome) -> list[str]:
    """Return the fields that hold texts."""
    made = connectome.materialization
    items = (*made.neuron_fields, *made.annotation_fields)
    kinds = {item.name: item.type for item in items}
    return sorted(name for name, kind in kinds.items() if kind in ("string", "list[string]"))


def search(desk: Desk, given: Given) -> Answer:
    """Find neurons by ids, by conditions, by the name of a set, or by a text in any field."""
    connectome, text = desk.connectome, given.text("text").strip()
    unknown: list[str] = []
    if text.startswith("@"):
        chosen, read_as = given.neurons(connectome, "text"), "set"
    elif _CONDITION.match(text):
        chosen, read_as = given.neurons(connectome, "text"), "conditions"
    elif re.fullmatch(r"[\d\s,;]+", text):
        chosen, read_as = given.neurons(connectome, "text"), "ids"
    else:
        chosen, read_as = Chosen(_with_text(connectome, text).astype(str).tolist()), "text"
    frame, unknown = _found(connectome, chosen)
    said: dict[str, Any] = {"read_as": read_as, "unknown": unknown}
    return Answer(frame, said, _shown_neurons(connectome, chosen, frame))


def _with_text(connectome: Connectome, text: str) -> IdArray:
    """Return the neurons with a field that contains a text."""
    found = np.array([], dtype=np.int64)
    for name in _text_fields(connectome):
        with collected():  # a field without the text is no news
            criteria = NeuronCriteria.of({name: text}, exact=False, connectome=connectome)
            found = np.union1d(found, criteria.get_roots())
    return found


def _found(connectome: Connectome, chosen: Chosen) -> tuple[pd.DataFrame, list[str]]:
    """Return the neurons, and the ids that are known nowhere."""
    if isinstance(chosen.value, list) and not chosen.value:
        return neurons_of(connectome, []), []
    try:
        return connectome.get_neurons(chosen.value), []
    except UnknownRootIdError as error:
        lost = {str(root) for root in error.root_ids}
        if not isinstance(chosen.value, list):
            raise
        known = [one for one in chosen.value if one.lstrip("0") not in lost]
        frame, _ = _found(connectome, Chosen(known))
        return frame, sorted(lost)


def _shown_neurons(connectome: Connectome, chosen: Chosen, frame: pd.DataFrame) -> Shown:
    ids = frame["root_id"].tolist()
    if not chosen.where:
        chosen = Chosen([str(root) for root in ids])
    if not chosen.value:
        return Shown()
    fields = [str(name) for name in frame.columns if name != "root_id"]
    return Shown(
        python_call(connectome, "get_neurons", _0=chosen),
        ascypher.neurons(ids, fields),
        command(connectome, "neurons", chosen),
    )


def neurons(desk: Desk, given: Given) -> Answer:
    """List the properties of neurons."""
    connectome = desk.connectome
    chosen = given.neurons(connectome)
    frame = connectome.get_neurons(chosen.value)
    return Answer(frame, shown=_shown_neurons(connectome, chosen, frame))


def annotation_rows(desk: Desk, given: Given) -> Answer:
    """List the annotation rows of neurons."""
    connectome = desk.connectome
    chosen = given.neurons(connectome)
    frame = connectome.get_annotations(chosen.value)
    return Answer(frame, shown=Shown(python_call(connectome, "get_annotations", _0=chosen)))


def colors(desk: Desk, given: Given) -> Answer:
    """Return the colour of each class, as in every other figure."""
    by = grouping(desk.connectome, given)
    found = class_colors(desk.connectome, by)
    return Answer(values={"by": by, "colors": found, "unknown": UNKNOWN_COLOR})


def neuron(desk: Desk, given: Given) -> Answer:
    """Describe one neuron: its properties, annotations, strongest partners, regions and links."""
    connectome, asked = desk.connectome, given.text("id")
    if not asked.strip().isdigit():
        raise InputError(f"id: {asked[:60]!r} is not a root id")
    by = grouping(connectome, given)
    top = given.whole("top", 20, least=1, most=1000)
    one = connectome.get_neurons([asked])
    root = int(one["root_id"].iloc[0])
    properties = {str(name): cell(value) for name, value in one.iloc[0].items()}
    properties["root_id"] = str(root)
    said: dict[str, Any] = {"root_id": str(root), "by": by, "properties": properties}
    said["annotations"] = table_json(connectome.get_annotations([root]))
    for direction in _WAYS:
        frame = connectome.get_partners([root], direction)
        strongest = frame.head(top).drop(columns="neuron")
        if by is not None:
            strongest = connectome.add_properties(strongest, by)
        said[direction] = table_json(strongest, total=len(frame))
    has_regions = bool(connectome.materialization.regions)
    said["regions"] = table_json(connectome.get_regions([root])) if has_regions else None
    said["transmitter"] = properties.get("transmitter")
    own_class = None if by is None else properties.get(by)
    said["color"] = class_colors(connectome, by).get(str(own_class), UNKNOWN_COLOR)
    said["links"] = {
        "neuroglancer": _neuroglancer(connectome, root),
        "neo4j_browser": _browser(connectome, root),
    }
    said["has_mesh"] = bool(connectome.materialization.segmentation_source)
    chosen = Chosen([str(root)])
    return Answer(values=said, shown=_shown_neurons(connectome, chosen, one), attrs=one.attrs)


def _neuroglancer(connectome: Connectome, root: int) -> str | None:
    """Return a link to Neuroglancer; None where the graph has no segmentation."""
    try:
        return connectome.neuroglancer_link([root])
    except (ImageryNotFoundError, InputError):
        return None


def _browser(connectome: Connectome, root: int) -> str | None:
    """Return a link that opens Neo4j Browser with a picture of a neuron; None for a file."""
    if not connectome.is_served:
        return None
    host = urlsplit(connectome.engine.uri).hostname or "localhost"
    text = catalog()["neighbourhood_picture"].text_for("neo4j").replace(_EXAMPLE, str(root))
    place = f"[{host}]" if ":" in host else host
    return f"http://{place}:7474/browser/?cmd=edit&arg={quote(text)}"


QUESTIONS = [
    Question("/api/v1/values", values, ("field", "prefix")),
    Question("/api/v1/complete", complete, ("text",)),
    Question("/api/v1/search", search, ("text", "regex")),
    Question("/api/v1/neurons", neurons, ("neurons", "regex")),
    Question("/api/v1/annotations", annotation_rows, ("neurons", "regex")),
    Question("/api/v1/colors", colors, ("by",)),
    Question("/api/v1/neuron", neuron, ("id", "top", "by")),
]
