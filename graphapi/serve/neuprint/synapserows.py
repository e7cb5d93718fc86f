"""CAVE's synapse rows as neuPrint's synapses: two for each row, one at either end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.errors import InputError
from graphapi.serve.neuprint.frame import Point, Synapse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.connectome import Connectome
    from graphapi.ids import IdArray
    from graphapi.serve.neuprint.regions import Regions

Side = Literal["pre", "post"]
#: Properties of every synapse.
_ALWAYS = frozenset(("type", "location"))
#: Names that neuprint-python gives to columns of its own.
_TAKEN = frozenset((*_ALWAYS, "bodyId", "roi"))
#: Most neurons on the shorter side of one question: their rows are asked of CAVE.
_MOST_NEURONS = 10_000
#: Longer lists of ids are not sent to CAVE beside a shorter one: its rows are picked out here.
_MOST_BESIDE = 500


@dataclass(frozen=True)
class SynapseRows:
    """Synapse rows of some neurons.

    Attributes
    ----------
    pre, post
        Root ids of each row.
    """

    pre: IdArray
    post: IdArray
    _frame: pd.DataFrame
    _flags: Sequence[tuple[str, ...]]
    _known: frozenset[str]

    def __len__(self) -> int:
        return len(self.pre)

    def ends(self, side: Side, places: IdArray) -> list[Synapse]:
        """Return the synapse at one end of some rows, by their places."""
        names = ["id", *_numbers(self._frame)]
        known = self._known | frozenset(names)
        rows = self._frame.iloc[places]
        columns = [rows[name].astype(object).where(rows[name].notna(), None) for name in names]
        points = rows[_place_column(rows, side)].tolist()
        flags = [self._flags[one] for one in places.tolist()]
        made = []
        for point, regions, *values in zip(points, flags, *columns, strict=True):
            there = {n: v for n, v in zip(names, values, strict=True) if v is not None}
            said: dict[str, Any] = {"type": side, "location": Point(*map(int, point)), **there}
            said |= dict.fromkeys(regions, True)
            made.append(Synapse(said, known))
        return made


def read_rows(
    connectome: Connectome, regions: Regions, pre: IdArray | None, post: IdArray | None
) -> SynapseRows:
    """Ask CAVE for the synapses from some neurons onto others.

    Parameters
    ----------
    connectome
        The open graph.
    regions
        The regions of the graph, and larger ones.
    pre, post
        Root ids of the graph; None for all neurons. At least one is given.

    Raises
    ------
    CaveError
        The graph was made from files, or CAVE does not answer.
    InputError
        The graph's connections are not sums of these rows, or too many neurons are asked for.
    """
    cave = connectome.require_cave()
    made = connectome.materialization
    if kept := made.reading.get("connections", {}).get("keep"):
        raise InputError(
            f"only rows with {' and '.join(kept)} were loaded, and CAVE has all of them",
            hint="ask get_synapses of graphapi, and choose among its rows",
        )
    if regions.primary and "column" not in made.region_source:
        raise InputError(
            "the graph's regions come from a volume, and CAVE's rows do not say theirs",
            hint="ask get_synapses of graphapi for rows without regions",
        )
    asked = _fewest(pre, post)
    rows = connectome.get_synapses(asked[0], asked[1], update_ids=False)
    for ids, column in ((pre, "pre_pt_root_id"), (post, "post_pt_root_id")):
        if ids is not None and not any(ids is one for one in asked):
            rows = rows.iloc[np.flatnonzero(np.isin(rows[column], ids))]
    if made.reading.get("only"):
        ours = connectome.root_ids()
        ends = rows[["pre_pt_root_id", "post_pt_root_id"]].to_numpy()
        rows = rows.iloc[np.flatnonzero(np.isin(ends, ours).all(axis=1))]
    found: list[tuple[str, ...]] = [()] * len(rows)
    if regions.primary and len(rows):
        flags = {one: (one, *regions.above[one]) for one in regions.primary}
        found = [flags.get(one, ()) for one in cave.regions_of(rows).tolist()]
    return SynapseRows(
        rows["pre_pt_root_id"].to_numpy(),
        rows["post_pt_root_id"].to_numpy(),
        rows,
        found,
        _ALWAYS | frozenset(regions.names),
    )


def _fewest(pre: IdArray | None, post: IdArray | None) -> tuple[IdArray | None, IdArray | None]:
    """Return what is sent to CAVE: a long list is left out beside a shorter one."""
    sizes = [np.inf if one is None else len(one) for one in (pre, post)]
    if min(sizes) > _MOST_NEURONS:
        raise InputError(
            f"the query asks CAVE for the synapses of more than {_MOST_NEURONS:,} neurons",
            hint="ask for fewer neurons at a time",
        )
    first_is_shorter = sizes[0] <= sizes[1]
    return (
        pre if first_is_shorter or sizes[0] <= _MOST_BESIDE else None,
        post if not first_is_shorter or sizes[1] <= _MOST_BESIDE else None,
    )


def _numbers(rows: pd.DataFrame) -> list[str]:
    """Return the columns of numbers, apart from ids."""
    return [
        str(name)
        for name in rows.columns
        if rows[name].dtype.kind in "iuf" and not str(name).endswith("id") and name not in _TAKEN
    ]


def _place_column(rows: pd.DataFrame, side: Side) -> str:
    for name in (f"{side}_pt_position", "ctr_pt_position"):
        if name in rows.columns:
            return name
    raise InputError(f"the synapse table has no positions of {side}synaptic points")
