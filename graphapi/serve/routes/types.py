"""Types of neurons, their sides, and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.serve import ascypher
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.ascypher import cypher_text, ids_of
from graphapi.serve.astext import command, end_options, python_call, region_options
from graphapi.serve.desk import Question
from graphapi.serve.routes.common import grouping, regions_of, threshold_of

if TYPE_CHECKING:
    from graphapi.connectome import Connectome
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given


def types(desk: Desk, given: Given) -> Answer:
    """Sum connections from type to type."""
    connectome, by = desk.connectome, _needed(desk.connectome, given)
    threshold, regions = threshold_of(given), regions_of(given)
    pre = given.neurons_or_all(connectome, "pre")
    post = given.neurons_or_all(connectome, "post")
    terms: dict[str, Any] = {"threshold": threshold}
    if regions is not None:
        terms["regions"] = regions
    if given.flag("by_region"):
        terms["by_region"] = True
    frame = connectome.get_type_connectivity(
        by, None if pre is None else pre.value, None if post is None else post.value, **terms
    )
    by_region = given.flag("by_region")
    ends = (ids_of(pre, frame.attrs), ids_of(post, frame.attrs))
    begun = ascypher.Between(connectome, ends, threshold, regions, by_region=by_region)
    shown = Shown(
        python_call(
            connectome, "get_type_connectivity", _0=by, pre_ids=pre, post_ids=post, **terms
        ),
        ascypher.types(begun, by, by_region=by_region),
        command(
            connectome,
            "types",
            pre,
            end_options(post, "--to"),
            ["--by", by, "-t", threshold],
            region_options(regions),
            ["--by-region"] if by_region else [],
        ),
    )
    return Answer(frame, {"by": by}, shown)


def _needed(connectome: Connectome, given: Given) -> str:
    by = grouping(connectome, given)
    if by is None:
        raise InputError(
            f"neurons of {connectome.name} have no text property to group them by",
            hint="load annotations with a class or a type",
        )
    return by


def sides(desk: Desk, given: Given) -> Answer:
    """Compare the partners of the left members of a type with those of its right members."""
    connectome = desk.connectome
    chosen, threshold = given.neurons(connectome), threshold_of(given)
    by, side = _needed(connectome, given), given.text("side", "side")
    frame = connectome.compare_sides(chosen.value, by, side, threshold)
    members = frame.attrs["members"]
    said = {
        "by": by,
        "members": {one: [str(root) for root in members[one]] for one in ("left", "right")},
        "without_side": [str(root) for root in members["other"]],
    }
    shown = Shown(
        python_call(connectome, "compare_sides", _0=chosen, _1=by, _2=side, threshold=threshold),
        ascypher.sides(connectome, members, by, threshold),
        command(connectome, "sides", chosen, ["--by", by, "--side", side, "-t", threshold]),
    )
    return Answer(frame, said, shown)


def regions(desk: Desk, given: Given) -> Answer:
    """List regions with their synapses, or those of some neurons."""
    connectome = desk.connectome
    chosen = given.neurons_or_all(connectome, "neurons")
    frame = connectome.get_regions(None if chosen is None else chosen.value)
    shown = Shown(
        python_call(connectome, "get_regions", _0=chosen),
        cypher_text(catalog()["region_sizes"], connectome.engine.name, {})
        if chosen is None
        else "",
        command(connectome, "regions", *([] if chosen is None else [chosen])),
    )
    return Answer(frame, shown=shown)


QUESTIONS = [
    Question(
        "/api/v1/types", types, ("by", "pre", "post", "regex", "threshold", "regions", "by_region")
    ),
    Question("/api/v1/sides", sides, ("neurons", "regex", "by", "side", "threshold")),
    Question("/api/v1/regions", regions, ("neurons", "regex")),
]
