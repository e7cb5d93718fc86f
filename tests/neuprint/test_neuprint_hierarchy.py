"""Larger regions, as sums of those of the graph; expected numbers come from the drawn rows."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hemibrain import APL, BODIES, INSIDE, PRIMARY, SOURCE, Hemibrain

import neuprint
from graphapi.errors import InputError
from graphapi.serve.neuprint.regions import regions_of
from neuprint import NeuronCriteria

RING = [879442155, 5813037876, 611, 612, 5813027016, 5813027103]


def triples(frame: pd.DataFrame) -> dict[tuple[int, int, str], int]:
    rows = frame[["bodyId_pre", "bodyId_post", "roi", "weight"]].itertuples(index=False)
    return {(pre, post, roi): weight for pre, post, roi, weight in rows}


def summed(brain: Hemibrain, region: str, side: str) -> dict[int, int]:
    return brain.inside(region).groupby(side)["weight"].sum().to_dict()


def test_the_hierarchy_is_the_presets(hemibrain_client: neuprint.Client) -> None:
    found = neuprint.fetch_roi_hierarchy(client=hemibrain_client, mark_primary=False)
    leaf = dict.fromkeys
    snp_mb = {
        "MB(R)": leaf(["CA(R)", "PED(R)", "aL(R)", "gL(R)"], {}),
        "SNP(R)": leaf(["SIP(R)", "SLP(R)", "SMP(R)"], {}),
    }
    assert found == {
        "hemibrain": {
            "AL(R)": {},
            "CX": leaf(["AB(L)", "AB(R)", "EB", "FB", "NO", "PB"], {}),
            "INP": {"CRE(R)": {}, "SNP+MB": snp_mb},
            "LAL(R)": {},
            "LH(R)": {},
        }
    }
    drawn = neuprint.fetch_roi_hierarchy(client=hemibrain_client, format="nx", mark_primary=False)
    assert set(drawn.successors("hemibrain")) == set(found["hemibrain"])
    assert "+-- EB*" in neuprint.fetch_roi_hierarchy(client=hemibrain_client, format="text")
    assert neuprint.fetch_primary_rois(client=hemibrain_client) == sorted(PRIMARY)
    assert set(INSIDE) < set(neuprint.fetch_all_rois(client=hemibrain_client))
    assert set(hemibrain_client.meta["superLevelRois"]) == set(found["hemibrain"])


@pytest.mark.parametrize("regions", [["CX"], ["EB"], ["INP", "MB(R)", "AL(R)"]])
def test_connections_in_a_region(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain, regions: list[str]
) -> None:
    ends = [*BODIES, *RING]
    _, found = neuprint.fetch_adjacencies(
        ends, ends, rois=regions, include_nonprimary=True, client=hemibrain_client
    )
    wanted = {}
    for region in regions:
        rows = hemibrain.inside(region)
        rows = rows[rows["pre"].isin(ends) & rows["post"].isin(ends)]
        sums = rows.groupby(["pre", "post"])["weight"].sum()
        wanted |= {(pre, post, region): weight for (pre, post), weight in sums.items()}
    assert triples(found) == wanted
    assert len(wanted) > 5


def test_connections_have_the_regions_of_the_file(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain
) -> None:
    found = neuprint.fetch_simple_connections(list(BODIES), RING[:1] + list(BODIES),
                                              client=hemibrain_client)  # fmt: skip
    read = pd.read_feather(hemibrain.folder / "hemibrain.feather")
    ends = list(zip(read[":START_ID(Body-ID)"], read[":END_ID(Body-ID)"], strict=True))
    infos = dict(zip(ends, map(json.loads, read["roiInfo:string"]), strict=True))
    pairs = zip(found["bodyId_pre"], found["bodyId_post"], strict=True)
    assert len(found) > 30
    assert found["conn_roiInfo"].tolist() == [infos[pair] for pair in pairs]


@pytest.mark.parametrize(
    ("given", "side", "region", "least"),
    [
        ({"inputRois": ["CX"]}, "post", "CX", 1),
        ({"inputRois": ["SNP+MB"], "min_roi_inputs": 200}, "post", "SNP+MB", 200),
        ({"outputRois": ["INP"], "min_roi_outputs": 200}, "pre", "INP", 200),
    ],
)
def test_neurons_with_enough_synapses_in_a_region(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain, given: dict, side: str, region: str,
    least: int,
) -> None:  # fmt: skip
    criteria = NeuronCriteria(**given, label="Segment", client=hemibrain_client)
    neurons, counts = neuprint.fetch_neurons(criteria, client=hemibrain_client)
    sums = summed(hemibrain, region, side)
    assert neurons["bodyId"].tolist() == sorted(one for one, n in sums.items() if n >= least)
    assert len(neurons) > 3
    said = counts[counts["roi"] == region].set_index("bodyId")[side]
    assert {one: said[one] for one in neurons["bodyId"]} == {
        one: sums[one] for one in neurons["bodyId"]
    }


def test_neurons_of_any_or_all_regions(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain
) -> None:
    there = {
        name: set(hemibrain.inside(name)["pre"]) | set(hemibrain.inside(name)["post"])
        for name in ("CX", "MB(R)")
    }
    for need, wanted in (
        ("any", there["CX"] | there["MB(R)"]),
        ("all", set.intersection(*there.values())),
    ):
        criteria = NeuronCriteria(rois=["CX", "MB(R)"], roi_req=need, client=hemibrain_client)
        found = neuprint.fetch_neurons(criteria, omit_rois=True, client=hemibrain_client)
        assert set(found["bodyId"]) == wanted
        assert {APL, SOURCE} <= wanted


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"CX": ["EB", "FBB"]}, r"no regions \['FBB'\]"),
        ({"CX": "EB"}, "not a list"),
        ({"CX": []}, "not a list"),
        ({"EB": ["FB"]}, "synapses in a region of this name"),
        ({"A": ["B"], "B": ["EB", "A"]}, "part of itself: A > B > A"),
        (["CX"], "not a table"),
    ],
)
def test_a_hierarchy_that_cannot_be_is_refused(given: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        regions_of(["EB", "FB"], given)


def test_a_graph_without_regions_has_no_larger_ones() -> None:
    assert regions_of([], {"CX": ["EB"]}).names == []


def test_a_region_of_two_parts_counts_once() -> None:
    both = regions_of(["EB", "FB"], {"A": ["EB"], "B": ["EB", "FB"], "ALL": ["A", "B"]})
    assert both.with_larger({"EB": [3], "FB": [4]})["ALL"] == [7]
    assert both.top == ["ALL"]
