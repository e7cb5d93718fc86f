"""Partners by class, and left against right, on every engine against plain pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import Oracle
from toy import BASE, ids

import graphapi
from graphapi.errors import UnknownFieldError, UnknownRootIdError

ROWS = pd.DataFrame(
    BASE + np.random.default_rng(12).integers(1, 30, (300, 2)), columns=["pre", "post"]
)
NODES = Oracle(ROWS).nodes()
#: The class is also the side, written as annotators write it.
CLASSES = {root: ["left", "R", " Right", "other", None, "L"][root % 6] for root in NODES}
SIDES = {"left": "left", "L": "left", "R": "right", " Right": "right"}


@pytest.fixture
def graph(put: Any) -> Any:
    with put(ROWS, [{"root_id": root, "cell_class": name} for root, name in CLASSES.items()]) as it:
        yield it


def connected(some: list[int], direction: str, threshold: int) -> pd.DataFrame:
    """Return the partners of neurons: `neuron`, `partner`, `weight`, `kind`."""
    mine, theirs = ("pre", "post") if direction == "downstream" else ("post", "pre")
    pairs = Oracle(ROWS).connections(threshold)
    pairs = pairs[pairs[mine].isin(some)].rename(columns={mine: "neuron", theirs: "partner"})
    return pairs.assign(kind=pairs["partner"].map(CLASSES).fillna("Unknown"))


def test_partners_by_class(graph: graphapi.Connectome) -> None:
    some = NODES[:8]
    for direction in ("upstream", "downstream"):
        for threshold, kept in ((1, NODES), (2, NODES[5:20])):
            rows = connected(some, direction, threshold)
            rows = rows[rows["partner"].isin(kept)]
            listed = graph.get_partners(
                some, direction, threshold, partner_ids=kept, properties="cell_class"
            )
            assert sorted(
                zip(listed["neuron"], listed["partner"], listed["weight"], strict=True)
            ) == sorted(rows[["neuron", "partner", "weight"]].itertuples(index=False, name=None))
            assert dict(
                zip(listed["partner"], listed["partner_cell_class"].fillna("Unknown"), strict=True)
            ) == dict(zip(rows["partner"], rows["kind"], strict=True))
            expected = {
                kind: (
                    part["partner"].nunique(),
                    part["neuron"].nunique(),
                    len(part),
                    part["weight"].sum(),
                    pytest.approx(part["weight"].sum() / rows["weight"].sum()),
                )
                for kind, part in rows.groupby("kind")
            }
            found = graph.get_partner_groups(
                some, "cell_class", direction, threshold, partner_ids=kept
            )
            assert {row[0]: row[1:] for row in found.itertuples(index=False)} == expected
            assert found["weight"].is_monotonic_decreasing
            assert found.attrs["source"] == "graph"


def test_left_against_right(graph: graphapi.Connectome) -> None:
    some = NODES[:20]
    for threshold in (1, 2):
        found = graph.compare_sides(some, "cell_class", "cell_class", threshold)
        expected = set()
        for direction in ("upstream", "downstream"):
            rows = connected(some, direction, threshold)
            rows["side"] = rows["neuron"].map(CLASSES).map(SIDES)
            sums = rows.dropna().pivot_table(
                index="kind", columns="side", values="weight", aggfunc="sum", fill_value=0
            )
            for kind, row in sums.iterrows():
                lost = [side for side in ("left", "right") if row[side] == 0]
                expected.add((direction, kind, row["left"], row["right"], *(lost or [None])))
        columns = ["direction", "partner_type", "left", "right", "missing_on"]
        assert set(found[columns].itertuples(index=False, name=None)) == expected
        assert len(found) == len(expected)
        members = found.attrs["members"]
        for side in ("left", "right"):
            assert members[side] == [root for root in some if SIDES.get(CLASSES[root]) == side]
            assert (found[f"{side}_per_neuron"] * len(members[side])).tolist() == pytest.approx(
                found[side].tolist()
            )
        assert sorted(root for part in members.values() for root in part) == some


def test_wrong_arguments_and_nothing_found(graph: graphapi.Connectome) -> None:
    for ask in (
        lambda: graph.get_partner_groups(NODES[:1], "in_synapses"),
        lambda: graph.get_partner_groups(NODES[:1], ["cell_class", "colour"]),
        lambda: graph.compare_sides(NODES[:1], "cell_class", "colour"),
        lambda: graph.compare_sides(NODES[:1], "colour", "cell_class"),
    ):
        with pytest.raises(UnknownFieldError, match="no text property"):
            ask()
    with pytest.raises(UnknownRootIdError):
        graph.get_partners(NODES[:1], partner_ids=ids(77))
    far = graph.get_partner_groups(NODES[:1], threshold=10**6)
    assert (far.empty, far["weight"].dtype, far["share"].dtype) == (True, "int64", "float64")
    unsided = [root for root in NODES if CLASSES[root] is None]
    none = graph.compare_sides(unsided, "cell_class", "cell_class")
    assert none.empty
