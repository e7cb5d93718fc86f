"""The partners of neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.ask.partners import similar_pairs
from graphapi.errors import InputError
from graphapi.serve import ascypher
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.ascypher import ids_of
from graphapi.serve.astext import (
    call,
    command,
    end_options,
    python_call,
    python_code,
    region_options,
)
from graphapi.serve.desk import Question
from graphapi.serve.routes.common import (
    fields_of,
    properties_of,
    regions_of,
    text_properties,
    threshold_of,
)

if TYPE_CHECKING:
    from graphapi.ask.partners import Direction
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given

#: Most neurons whose common partners have a column each.
_MOST_COLUMNS = 500


def direction_of(given: Given, default: Direction = "downstream") -> Direction:
    """Return the direction that a request asks for."""
    return "upstream" if given.choice("direction", _WAYS, default) == "upstream" else "downstream"


_WAYS = ("upstream", "downstream")


def partners(desk: Desk, given: Given) -> Answer:
    """List the partners of neurons with their shares of input and output, or groups of them."""
    connectome = desk.connectome
    chosen, direction = given.neurons(connectome), direction_of(given)
    threshold, regions = threshold_of(given), regions_of(given)
    among = given.neurons_or_all(connectome, "among")
    by = properties_of(given, "by", text_properties(connectome))
    fields = fields_of(connectome, given)
    terms: dict[str, Any] = {"threshold": threshold}
    shown: dict[str, Any] = dict(terms)
    if regions is not None:
        terms["regions"] = shown["regions"] = regions
    if among is not None:
        terms["partner_ids"], shown["partner_ids"] = among.value, among
    if by:
        if fields:
            raise InputError("fields: groups have no properties", hint="leave out fields, or by")
        frame = connectome.get_partner_groups(chosen.value, by, direction, **terms)
        python = call("get_partner_groups", _0=chosen, _1=by, _2=direction, **shown)
    else:
        if fields:
            terms["properties"] = shown["properties"] = fields
        frame = connectome.get_partners(chosen.value, direction, **terms)
        python = call("get_partners", _0=chosen, _1=direction, **shown)
    mine, theirs = ids_of(chosen, frame.attrs), ids_of(among, frame.attrs)
    begun = ascypher.Between(
        connectome, ascypher.ends_of(direction, mine, theirs), threshold, regions
    )
    cypher = (
        ascypher.partner_groups(begun, direction, by)
        if by
        else ascypher.partners(begun, direction, fields)
    )
    line = command(
        connectome,
        "partners",
        chosen,
        ["--direction", direction, "-t", threshold],
        region_options(regions),
        end_options(among, "--partner"),
        ["--by", ",".join(by)] if by else [],
        ["--properties", ",".join(fields)] if fields else [],
    )
    said = {"synapses": int(frame["weight"].sum())}
    return Answer(frame, said, Shown(python_code(connectome, python), cypher, line))


def connectivity(desk: Desk, given: Given) -> Answer:
    """List connections from and to neurons."""
    connectome = desk.connectome
    chosen, threshold, regions = given.neurons(connectome), threshold_of(given), regions_of(given)
    way = given.choice("direction", ("both", *_WAYS), "both")
    terms: dict[str, Any] = {
        "upstream": way != "downstream",
        "downstream": way != "upstream",
        "threshold": threshold,
    }
    if regions is not None:
        terms["regions"] = regions
    if given.flag("by_region"):
        terms["by_region"] = True
    frame = connectome.get_connectivity(chosen.value, **terms)
    python = python_call(connectome, "get_connectivity", _0=chosen, **terms)
    if way == "both":
        return Answer(frame, shown=Shown(python))
    by_region, ids = given.flag("by_region"), ids_of(chosen, frame.attrs)
    ends = (None, ids) if way == "upstream" else (ids, None)
    begun = ascypher.Between(connectome, ends, threshold, regions, by_region=by_region)
    line = command(
        connectome,
        way,
        chosen,
        ["-t", threshold],
        region_options(regions),
        ["--by-region"] if by_region else [],
    )
    return Answer(
        frame, shown=Shown(python, ascypher.connections(begun, by_region=by_region), line)
    )


def counts(desk: Desk, given: Given) -> Answer:
    """Count partners and synapses of neurons, each way."""
    connectome = desk.connectome
    chosen, threshold, regions = given.neurons(connectome), threshold_of(given), regions_of(given)
    frame = connectome.get_synapse_counts(chosen.value, threshold, regions=regions)
    attrs = frame.attrs
    frame = frame.drop(columns=["pre", "post"]).reset_index()
    frame.attrs = attrs
    arguments = {"threshold": threshold} | ({} if regions is None else {"regions": regions})
    shown = Shown(
        python_call(connectome, "get_synapse_counts", _0=chosen, **arguments),
        "",
        command(
            connectome,
            "counts",
            chosen,
            "-t",
            threshold,
            region_options(regions),
        ),
    )
    return Answer(frame, shown=shown)


def common(desk: Desk, given: Given) -> Answer:
    """List the partners that several neurons share."""
    connectome = desk.connectome
    chosen, direction = given.neurons(connectome), direction_of(given, "upstream")
    threshold = threshold_of(given)
    at_least = given.whole("at_least", 0) or None
    if len(ids_of(chosen, {}) or ()) > _MOST_COLUMNS:
        raise InputError(
            f"neurons: each of {len(ids_of(chosen, {}) or ()):,} neurons would have a column",
            hint=f"name at most {_MOST_COLUMNS}",
        )
    frame = connectome.get_common_partners(chosen.value, direction, threshold, at_least)
    parts = ["--at-least", at_least] if at_least else []
    ids = ids_of(chosen, frame.attrs) or []
    begun = ascypher.Between(connectome, ascypher.ends_of(direction, ids), threshold)
    shown = Shown(
        python_call(
            connectome, "get_common_partners", _0=chosen, _1=direction, _2=threshold, _3=at_least
        ),
        ascypher.common(begun, direction, at_least or len(ids)),
        command(connectome, "common", chosen, "-d", direction, "-t", threshold, parts),
    )
    return Answer(frame, shown=shown)


def similarity(desk: Desk, given: Given) -> Answer:
    """Compare neurons by whom they connect with: one row a pair, the most similar first."""
    connectome = desk.connectome
    chosen, direction, threshold = (
        given.neurons(connectome),
        direction_of(given),
        threshold_of(given),
    )
    frame = similar_pairs(connectome.get_similarity(chosen.value, direction, threshold))
    matrix = call("get_similarity", _0=chosen, _1=direction, _2=threshold)
    shown = Shown(
        python_code(
            connectome,
            "from graphapi.ask.partners import similar_pairs",
            "",
            f"similar_pairs({matrix})",
        ),
        "",
        command(connectome, "similarity", chosen, "-d", direction, "-t", threshold),
    )
    return Answer(frame, shown=shown)


_WHO = ("neurons", "regex", "threshold")
QUESTIONS = [
    Question(
        "/api/v1/partners", partners, (*_WHO, "direction", "regions", "among", "fields", "by")
    ),
    Question("/api/v1/connectivity", connectivity, (*_WHO, "direction", "regions", "by_region")),
    Question("/api/v1/counts", counts, (*_WHO, "regions")),
    Question("/api/v1/common", common, (*_WHO, "direction", "at_least")),
    Question("/api/v1/similarity", similarity, (*_WHO, "direction")),
]
