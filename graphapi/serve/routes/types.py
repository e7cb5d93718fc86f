"""Types of neurons, their sides, and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.astext import call, command, cypher_text, python_call, python_code
from graphapi.serve.desk import Question
from graphapi.serve.routes.common import (
    UNKNOWN,
    grouping,
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

_SIDES = ("left", "right")
_WAYS: tuple[Direction, ...] = ("upstream", "downstream")


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
    plain = pre is None and post is None and len(terms) == 1
    query = catalog()["type_connectivity"].with_property(by)
    shown = Shown(
        python_call(
            connectome, "get_type_connectivity", _0=by, pre_ids=pre, post_ids=post, **terms
        ),
        cypher_text(query, connectome.engine.name, {"threshold": threshold}) if plain else "",
        command(connectome, "types", "--by", by, "-t", threshold) if plain else "",
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
    if side not in text_properties(connectome):
        raise InputError(
            f"side: neurons have no text property {side[:60]!r}",
            hint=f"one of {', '.join(text_properties(connectome)) or 'none'}",
        )
    members = connectome.get_neurons(chosen.value)
    named = members[side].str.strip().str.lower()
    groups = {one: members.loc[named == one, "root_id"].tolist() for one in _SIDES}
    frame = _compared(connectome, groups, by, threshold)
    frame.attrs = members.attrs
    said = {
        "by": by,
        "members": {one: [str(root) for root in ids] for one, ids in groups.items()},
        "without_side": [
            str(root) for root in members.loc[~named.isin(_SIDES), "root_id"].tolist()
        ],
    }
    shown = Shown()
    if any(groups.values()):
        shown = Shown(python_code(connectome, *_steps(chosen, by, side, threshold)))
    return Answer(frame, said, shown)


def _steps(chosen: Chosen, by: str, side: str, threshold: int) -> list[str]:
    """Write as Python what `sides` does."""
    return [
        "import pandas as pd",
        "",
        f"members = {call('get_neurons', _0=chosen)}.set_index('root_id')",
        f"side = members[{side!r}].str.strip().str.lower()",
        "side = side[side.isin(['left', 'right'])]",
        "tables = []",
        "for direction in ['upstream', 'downstream']:",
        "    ids = side.index.tolist()",
        f"    found = connectome.get_partners(ids, direction, threshold={threshold})",
        f"    found = connectome.add_properties(found, {by!r})",
        f"    types = found[{f'partner_{by}'!r}].fillna({UNKNOWN!r}).rename('partner_type')",
        "    sums = found.groupby([types, found['neuron'].map(side).rename(None)])['weight'].sum()",
        "    sums = sums.unstack(fill_value=0).reindex(columns=['left', 'right'], fill_value=0)",
        "    sums = sums.reset_index()",
        "    sums.insert(0, 'direction', direction)",
        "    tables.append(sums)",
        "table = pd.concat(tables, ignore_index=True)",
        "strongest = (table['left'] + table['right']).sort_values(ascending=False, kind='stable')",
        "table = table.loc[strongest.index].reset_index(drop=True)",
        "for one in ['left', 'right']:",
        "    count = (side == one).sum()",
        "    table[f'{one}_per_neuron'] = table[one] / count if count else None",
        "table['missing_on'] = None",
        "for one in ['left', 'right']:",
        "    if (side == one).any():",
        "        table.loc[table[one] == 0, 'missing_on'] = one",
        "table",
    ]


def _compared(
    connectome: Connectome, groups: dict[str, list[int]], by: str, threshold: int
) -> pd.DataFrame:
    """Sum the partners of each side over their types, and say which side lacks which."""
    import pandas as pd

    columns: dict[tuple[str, str], pd.Series[int]] = {}
    for direction in _WAYS:
        for side, ids in groups.items():
            if not ids:
                continue
            found = connectome.get_partners(ids, direction, threshold)
            found = connectome.add_properties(found, by)
            of_partner = found[f"partner_{by}"].fillna(UNKNOWN)
            columns[direction, side] = found.groupby(of_partner)["weight"].sum()
    rows = []
    for direction in _WAYS:
        by_side = {side: columns.get((direction, side)) for side in _SIDES}
        kinds = sorted({k for one in by_side.values() if one is not None for k in one.index})
        for kind in kinds:
            row: dict[str, Any] = {"direction": direction, "partner_type": kind}
            for side, one in by_side.items():
                row[side] = 0 if one is None else int(one.get(kind, 0))
            for side in _SIDES:
                count = len(groups[side])
                row[f"{side}_per_neuron"] = row[side] / count if count else None
            lacking = [side for side in _SIDES if groups[side] and not row[side]]
            row["missing_on"] = lacking[0] if lacking else None
            rows.append(row)
    names = ["direction", "partner_type", *_SIDES, *(f"{s}_per_neuron" for s in _SIDES)]
    frame = pd.DataFrame(rows, columns=[*names, "missing_on"])
    frame = frame.astype(dict.fromkeys(_SIDES, "int64"))
    total = frame["left"] + frame["right"]
    order = total.sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def regions(desk: Desk, given: Given) -> Answer:
    """List regions with their synapses, or those of some neurons."""
    connectome = desk.connectome
    chosen = given.neurons_or_all(connectome, "neurons")
    frame = connectome.get_regions(None if chosen is None else chosen.value)
    shown = Shown(
        python_call(connectome, "get_regions", _0=chosen),
        "",
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
