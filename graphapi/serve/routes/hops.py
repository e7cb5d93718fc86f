"""Questions beyond one hop: paths, influence, motifs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, get_args

from graphapi.errors import InputError
from graphapi.motifs.build import build_pattern
from graphapi.motifs.dsl import statements
from graphapi.network.nulls import NullKind
from graphapi.serve import ascypher
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.ascypher import ids_of
from graphapi.serve.astext import call, command, end_options, python_call, python_code
from graphapi.serve.desk import Question
from graphapi.serve.routes.common import fields_of, text_properties, threshold_of

if TYPE_CHECKING:
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given

_MOST_PATHS = 100_000
_MOST_MATCHES = 100_000
_MOST_NULLS = 1000


def paths(desk: Desk, given: Given) -> Answer:
    """Find paths from neurons to neurons."""
    connectome = desk.connectome
    sources, targets = given.neurons(connectome, "sources"), given.neurons(connectome, "targets")
    kind = given.choice("kind", ("shortest", "strongest", "all"), "shortest")
    hops = given.whole("max_hops", 4, least=1, most=20)
    threshold = threshold_of(given)
    most = given.whole("paths", 10_000, least=1, most=_MOST_PATHS)
    arguments: dict[str, Any] = {"max_hops": hops, "threshold": threshold}
    if kind == "strongest":
        method = "get_strongest_paths"
        frame = connectome.get_strongest_paths(sources.value, targets.value, **arguments)
    else:
        arguments["limit"] = most
        method = "get_shortest_paths" if kind == "shortest" else "get_paths"
        frame = getattr(connectome, method)(sources.value, targets.value, **arguments)
    parts = ["--kind", kind, "--max-hops", hops, "-t", threshold, "--limit", most]
    cypher = ""
    if kind != "strongest":
        cypher = ascypher.paths(
            connectome.engine.name,
            ids_of(sources, frame.attrs) or [],
            ids_of(targets, frame.attrs) or [],
            hops,
            threshold,
            most,
            shortest=kind == "shortest",
        )
    shown = Shown(
        python_call(connectome, method, _0=sources, _1=targets, **arguments),
        cypher,
        command(connectome, "paths", sources, end_options(targets, "--to"), parts),
    )
    return Answer(frame, {"cut_off": not frame.attrs.get("complete", True)}, shown)


def influence(desk: Desk, given: Given) -> Answer:
    """Rank neurons, or groups of them, by the influence of seeds over all numbers of hops."""
    connectome = desk.connectome
    seeds = given.neurons(connectome, "seeds")
    silenced = given.neurons_or_all(connectome, "silenced")
    targets = given.neurons_or_all(connectome, "targets")
    threshold = threshold_of(given, 5)
    terms: dict[str, Any] = {"threshold": threshold}
    if given.has("by"):
        terms["by"] = given.choice("by", text_properties(connectome), "")
    if given.has("measure"):
        terms["measure"] = given.choice("measure", ("synapses", "share_of_input"), "synapses")
    if given.has("signed"):
        terms |= {"signed": True, "signs": given.choice("signed", ("fly", "mammal"), "fly")}
    fields = fields_of(connectome, given)
    if fields and "by" in terms:
        raise InputError("fields: groups have no properties", hint="leave out fields, or by")
    frame = connectome.get_influence(
        seeds.value,
        () if silenced is None else silenced.value,
        targets=None if targets is None else targets.value,
        **terms,
    )
    if fields:
        frame = connectome.add_properties(frame, fields)
    told: dict[str, Any] = {
        name: _number(frame.attrs[name]) for name in ("gain", "residual") if name in frame.attrs
    }
    said = {} if silenced is None else {"silenced": silenced}
    said |= {} if targets is None else {"targets": targets}
    asked = call("get_influence", _0=seeds, **said, **terms)
    if fields:
        asked = f"connectome.add_properties({asked}, {fields!r})"
    line = command(
        connectome,
        "influence",
        seeds,
        end_options(silenced, "--silence"),
        end_options(targets, "--to"),
        ["-t", threshold],
        ["--by", terms["by"]] if "by" in terms else [],
        ["--share-of-input"] if terms.get("measure") == "share_of_input" else [],
        ["--signed", terms["signs"]] if "signs" in terms else [],
        ["--properties", ",".join(fields)] if fields else [],
    )
    return Answer(frame, told, Shown(python_code(connectome, asked), command_line=line))


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def motifs(desk: Desk, given: Given) -> Answer:
    """Count a motif, list examples, and compare the count with null graphs."""
    connectome, text = desk.connectome, given.text("motif")
    # read here, as a text only: `search` would also take the name of a file
    motif = build_pattern(statements(text), text)
    matches = given.whole("matches", 100, least=1, most=_MOST_MATCHES)
    nulls = given.whole("nulls", 0, most=_MOST_NULLS)
    if nulls == 1:
        raise InputError("nulls: 1 has no spread", hint="0 for none, or 2 and more")
    model = given.choice("model", get_args(NullKind), "degree")
    analysis = connectome.motifs
    count = analysis.count(motif)
    frame = analysis.search(motif, limit=matches)
    significance: dict[str, Any] | None = None
    if nulls:
        table = analysis.significance(
            {"motif": motif},
            model,  # type: ignore[arg-type]
            nulls,
            seed=given.whole("seed", 0),
        ).table
        row = table.iloc[0]
        significance = {str(name): _number(row[name]) for name in table.columns}
        significance |= {"nulls": nulls, "model": model}
    shown = Shown(
        python_call(connectome, "motifs.search", _0=text, limit=matches),
        ascypher.motif_matches(analysis.to_cypher(motif), list(map(str, frame.columns)), matches),
        command(connectome, "motifs search", text, "--limit", matches),
    )
    said = {"count": count, "significance": significance, "cut_off": count > len(frame)}
    nodes = [str(one) for one in frame.columns if not str(one).startswith("weight_")]
    return Answer(frame, said, shown, ids=frozenset(nodes))


QUESTIONS = [
    Question(
        "/api/v1/paths",
        paths,
        ("sources", "targets", "regex", "kind", "max_hops", "threshold", "paths"),
    ),
    Question(
        "/api/v1/influence",
        influence,
        ("seeds", "silenced", "targets", "regex", "signed", "threshold", "by", "measure", "fields"),
    ),
    Question("/api/v1/motifs", motifs, ("motif", "matches", "nulls", "model", "seed")),
]
