"""The questions of neuPrintExplorer's routes that neuprintr asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import InputError, NotFoundError, UnknownRootIdError
from graphapi.serve.neuprint.interpreter import Result
from graphapi.serve.neuprint.tree import Constant, Operation, Property, Variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphapi.serve.neuprint.answering import Clerk
    from graphapi.serve.neuprint.tree import Expression

    Given = Mapping[str, object]

#: Statuses of a neuron that is traced to its end.
_COMPLETE = (
    *("Traced", "Roughly traced", "Prelim Roughly traced", "Leaves"),
    *("final", "final (irrelevant)", "Finalized"),
)


_INPUTS = """
MATCH (k:Neuron)<-[r:ConnectsTo]-(c) WHERE $chosen
RETURN $by AS queried, c.bodyId, c.instance, c.type, r.weight ORDER BY r.weight DESC
"""
_OUTPUTS = """
MATCH (k:Neuron)-[r:ConnectsTo]->(c) WHERE $chosen
RETURN $by AS queried, c.bodyId, c.instance, c.type, r.weight ORDER BY r.weight DESC
"""
_NEURONS = """
MATCH (m:Meta) WITH m.superLevelRois AS rois
MATCH (n:Neuron) WHERE $chosen
RETURN toString(n.bodyId) AS bodyid, n.instance AS bodyname, n.type AS bodytype,
    n.status AS neuronStatus, n.roiInfo AS roiInfo, n.size AS size, n.pre AS npre,
    n.post AS npost, rois, n.notes AS notes
ORDER BY n.bodyId
"""


def common_connectivity(clerk: Clerk, given: Given) -> Result:
    """Return the partners of some neurons: one cell, a list with a map for each connection."""
    inputs = _flag(given, "find_inputs")
    ids, names = known_ids(clerk, given, "neuron_ids"), _texts(given, "neuron_names")
    if not ids and not names:
        raise InputError("neuron_ids or neuron_names is missing")
    by = Property(Variable("k"), "bodyId" if ids else "type")
    chosen = [Operation("IN", (by, Constant(ids or names))), *_conditions(given, "c")]
    found = clerk.own(
        _INPUTS if inputs else _OUTPUTS, {"by": by, "chosen": Operation("AND", tuple(chosen))}
    )
    side = "input" if inputs else "output"
    maps = [
        {side: partner, "name": name, "type": kind, f"{queried}_weight": weight}
        for queried, partner, name, kind, weight in found.rows
    ]
    return Result(["map"], [[maps]])


def find_neurons(clerk: Clerk, given: Given) -> Result:
    """Return neurons by name, status, counts of synapses and regions."""
    known = clerk.regions.names
    rois = [*_texts(given, "input_ROIs"), *_texts(given, "output_ROIs")]
    for one in rois:
        if one not in known:
            raise InputError(
                f"the graph has no region {one[:200]!r}",
                hint=f"it has: {', '.join(known) or 'none; load it with --regions'}",
            )
    chosen: list[Expression] = _conditions(given, "n")
    chosen += [Property(Variable("n"), one) for one in rois]
    ids, names = known_ids(clerk, given, "neuron_id"), _texts(given, "neuron_name")
    if names:
        sign = "CONTAINS" if _flag(given, "enable_contains") else "=~"
        there = [one for one in ("type", "instance") if one in clerk.meanings] or ["type"]
        ways = [Operation(sign, (Property(Variable("n"), o), Constant(names[0]))) for o in there]
        chosen.append(Operation("OR", tuple(ways)))
    elif ids:
        chosen.append(Operation("IN", (Property(Variable("n"), "bodyId"), Constant(ids))))
    return clerk.own(_NEURONS, {"chosen": Operation("AND", (Constant(True), *chosen))})


def roi_connectivity(clerk: Clerk, _given: Given) -> Result:
    """Return the regions of each neuron, as a text of JSON."""
    _need_regions(clerk)
    return clerk.own("MATCH (n:Neuron) RETURN n.bodyId AS bodyid, n.roiInfo AS roiInfo", {})


def summed_roi_connectivity(clerk: Clerk, _given: Given) -> dict[str, Any]:
    """Return how strongly neurons connect each region with each other.

    A neuron's outgoing synapses in a region are shared among the regions of its incoming ones, in
    proportion to their numbers.
    """
    names, _, pre, post = _by_region(clerk)
    total = post.sum(axis=1)
    pre, post, total = pre[total > 0], post[total > 0], total[total > 0]
    weights = (post / total[:, None]).T @ pre
    counts = (post > 0).T.astype(np.int64) @ (pre > 0).astype(np.int64)
    return {
        "roi_names": names,
        "weights": {
            f"{names[a]}=>{names[b]}": {
                "count": int(counts[a, b]),
                "weight": float(weights[a, b]),
            }
            for a, b in np.argwhere(counts).tolist()
        },
    }


def roi_completeness(clerk: Clerk, _given: Given) -> Result:
    """Return the synapses of traced neurons, and of all, in each region."""
    names, statuses, pre, post = _by_region(clerk)
    traced = np.array([one in _COMPLETE for one in statuses], dtype=bool)
    parts = (pre[traced], post[traced], pre, post)
    rows = zip(names, *(part.sum(axis=0).tolist() for part in parts), strict=True)
    columns = ["roi", "roipre", "roipost", "totalpre", "totalpost"]
    return Result(columns, [list(row) for row in rows])


def _by_region(clerk: Clerk) -> tuple[list[str], list[object], Any, Any]:
    """Return regions, statuses of neurons, and their outgoing and incoming synapses there."""
    _need_regions(clerk)
    names = clerk.regions.top
    found = clerk.own("MATCH (n:Neuron) RETURN n.status AS status, n.roiInfo AS roiInfo", {})
    place = {name: column for column, name in enumerate(names)}
    pre = np.zeros((len(found.rows), len(names)), dtype=np.int64)
    post = np.zeros_like(pre)
    for row, (_, text) in enumerate(found.rows):
        for name, counts in json.loads(text).items():
            if name in place:
                pre[row, place[name]] = counts["pre"]
                post[row, place[name]] = counts["post"]
    return names, [status for status, _ in found.rows], pre, post


def _need_regions(clerk: Clerk) -> None:
    if not clerk.regions.primary:
        raise NotFoundError(
            f"{clerk.connectome.name} has no regions", hint="load it again with --regions"
        )


def _conditions(given: Given, name: str) -> list[Expression]:
    """Return the conditions on a neuron's synapses and status; a threshold of 0 is none."""
    chosen: list[Expression] = [
        Operation(">=", (Property(Variable(name), side), Constant(least)))
        for side in ("pre", "post")
        if (least := _whole(given, f"{side}_threshold"))
    ]
    if statuses := _texts(given, "statuses"):
        chosen.append(Operation("IN", (Property(Variable(name), "status"), Constant(statuses))))
    return chosen


def known_ids(clerk: Clerk, given: Given, name: str) -> list[int]:
    """Return root ids that a request names, all of them neurons of the graph."""
    value = given.get(name)
    if value in (None, "", [], 0):
        return []
    connectome = clerk.connectome
    ids = np.unique(connectome.selector.read(value, what=name))
    unknown = ids[~np.isin(ids, connectome.root_ids())]
    if len(unknown):
        raise UnknownRootIdError(unknown.tolist(), connectome.name)
    return list(ids.tolist())


def _texts(given: Given, name: str) -> list[str]:
    value = given.get(name)
    texts: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        if one is not None and not isinstance(one, str):
            raise InputError(f"{name} is not a text, nor a list of texts")
        texts += [one] if one else []
    return texts


def _whole(given: Given, name: str) -> int:
    value = given.get(name)
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:
        return int(value)
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"{name} is not a whole number")
    return value


def _flag(given: Given, name: str) -> bool:
    value = given.get(name, False)
    known = {True: True, False: False, "true": True, "false": False, None: False, "": False}
    if not isinstance(value, (bool, str, type(None))) or value not in known:
        raise InputError(f"{name} is neither true nor false")
    return known[value]
