"""The partners of neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.ask.partners import similar_pairs
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.criteria import NeuronCriteria
from graphapi.ids import parse_root_ids
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.astext import (
    call,
    command,
    cypher_text,
    python_call,
    python_code,
)
from graphapi.serve.desk import Question
from graphapi.serve.routes.common import (
    UNKNOWN,
    fields_of,
    properties_of,
    regions_of,
    text_properties,
    threshold_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.ask.partners import Direction
    from graphapi.connectome import Connectome
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Chosen, Given

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
    by = properties_of(given, "by", text_properties(connectome))
    fields = fields_of(connectome, given)
    frame = connectome.get_partners(chosen.value, direction, threshold, regions=regions)
    if (among := given.neurons_or_all(connectome, "among")) is not None:
        attrs, kept = dict(frame.attrs), connectome.get_neurons(among.value)
        frame = frame[frame["partner"].isin(kept["root_id"])].reset_index(drop=True)
        mapped = attrs.get("id_mapping", {}) | kept.attrs.get("id_mapping", {})
        frame.attrs = attrs | ({"id_mapping": mapped} if mapped else {})
    total = int(frame["weight"].sum())
    if by:
        frame = _grouped(connectome.add_properties(frame, by), by)
    elif fields:
        frame = connectome.add_properties(frame, fields)
        frame = frame.drop(columns=[f"neuron_{one}" for one in fields])
    if among is None and not by and not fields:
        shown = _shown(connectome, chosen, direction, threshold, regions, frame)
    else:
        asked = _call(chosen, direction, threshold, regions)
        shown = Shown(python_code(connectome, *_steps(asked, among, by, fields)))
    return Answer(frame, {"synapses": total}, shown)


def _ids(chosen: Chosen) -> Any:
    if isinstance(chosen.value, NeuronCriteria):
        return chosen.value.get_roots()
    return parse_root_ids(chosen.value)


def _grouped(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sum partners over groups: neurons and partners are counted once, weights are summed."""
    names = [f"partner_{one}" for one in by]
    frame[names] = frame[names].fillna(UNKNOWN)
    grouped = frame.groupby(names, sort=False)
    made = grouped.agg(
        partners=("partner", "nunique"),
        neurons=("neuron", "nunique"),
        connections=("weight", "size"),
        weight=("weight", "sum"),
    ).reset_index()
    total = made["weight"].sum()
    made["share"] = made["weight"] / total if total else np.zeros(len(made))
    made = made.rename(columns=dict(zip(names, by, strict=True)))
    made = made.sort_values(["weight", *by], ascending=[False] + [True] * len(by))
    made = made.reset_index(drop=True)
    made.attrs = frame.attrs
    return made


def _call(chosen: Chosen, direction: Direction, threshold: int, regions: list[str] | None) -> str:
    arguments = {} if regions is None else {"regions": regions}
    return call("get_partners", _0=chosen, _1=direction, threshold=threshold, **arguments)


def _steps(asked: str, among: Chosen | None, by: list[str], fields: list[str]) -> list[str]:
    """Write as Python what `partners` does with the partners."""
    said = [f"found = {asked}"]
    if among is not None:
        said += [
            f"kept = {call('get_neurons', _0=among)}['root_id']",
            "found = found[found['partner'].isin(kept)].reset_index(drop=True)",
        ]
    if by:
        names = [f"partner_{one}" for one in by]
        order = {"weight": False} | dict.fromkeys(by, True)
        said += [
            f"found = connectome.add_properties(found, {by!r})",
            f"found = found.fillna(dict.fromkeys({names!r}, {UNKNOWN!r}))",
            f"groups = found.groupby({names!r}).agg(",
            "    partners=('partner', 'nunique'),",
            "    neurons=('neuron', 'nunique'),",
            "    connections=('weight', 'size'),",
            "    weight=('weight', 'sum'),",
            ").reset_index()",
            "groups['share'] = groups['weight'] / groups['weight'].sum()",
            f"groups = groups.rename(columns={dict(zip(names, by, strict=True))!r})",
            f"order = {order!r}",
            "groups.sort_values(list(order), ascending=list(order.values()), ignore_index=True)",
        ]
    elif fields:
        said += [
            f"found = connectome.add_properties(found, {fields!r})",
            f"found.drop(columns={[f'neuron_{one}' for one in fields]!r})",
        ]
    else:
        said.append("found")
    return said


def _shown(
    connectome: Connectome,
    chosen: Chosen,
    direction: Direction,
    threshold: int,
    regions: list[str] | None,
    frame: pd.DataFrame,
) -> Shown:
    python = python_code(connectome, _call(chosen, direction, threshold, regions))
    if regions is not None:
        return Shown(python)
    values = {"ids": sorted({int(one) for one in frame["neuron"]}), "threshold": threshold}
    return Shown(
        python,
        cypher_text(catalog()[direction], connectome.engine.name, values),
        command(connectome, "partners", chosen, "--direction", direction, "-t", threshold),
    )


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
    return Answer(
        frame, shown=Shown(python_call(connectome, "get_connectivity", _0=chosen, **terms))
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
            [part for one in regions or () for part in ("--region", one)],
        ),
    )
    return Answer(frame, shown=shown)


def common(desk: Desk, given: Given) -> Answer:
    """List the partners that several neurons share."""
    connectome = desk.connectome
    chosen, direction = given.neurons(connectome), direction_of(given, "upstream")
    threshold = threshold_of(given)
    at_least = given.whole("at_least", 0) or None
    if len(_ids(chosen)) > _MOST_COLUMNS:
        raise InputError(
            f"neurons: each of {len(_ids(chosen)):,} neurons would have a column",
            hint=f"name at most {_MOST_COLUMNS}",
        )
    frame = connectome.get_common_partners(chosen.value, direction, threshold, at_least)
    parts = ["--at-least", at_least] if at_least else []
    shown = Shown(
        python_call(
            connectome, "get_common_partners", _0=chosen, _1=direction, _2=threshold, _3=at_least
        ),
        "",
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
    shown = Shown(
        python_call(connectome, "get_similarity", _0=chosen, _1=direction, _2=threshold),
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
