"""Weights by region in neuPrint's form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from neuprint_client import client_of

import graphapi
import neuprint
from loader import FileSource, load
from neuprint import NeuronCriteria

ROWS = pd.DataFrame(
    {
        "pre": [1, 1, 2, 1, 3],
        "post": [2, 2, 1, 3, 2],
        "neuropil": ["AL(R)", "LH(R)", "AL(R)", None, "LH(R)"],
        "weight": [5, 3, 4, 2, 7],
    }
)


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]
) -> Iterator[neuprint.Client]:
    folder = tmp_path_factory.mktemp("regions")
    ROWS.to_parquet(folder / "rows.parquet")
    load(FileSource(folder / "rows.parquet"), folder / "g.lbug", work=folder / "w", progress=False)
    with (
        graphapi.Connectome.open(folder / "g.lbug") as opened,
        client_of(opened, certificate) as made,
    ):
        yield made


def test_connections_have_their_regions(client: neuprint.Client) -> None:
    assert client.primary_rois == ["AL(R)", "LH(R)"]
    _, found = neuprint.fetch_adjacencies([1, 2, 3], None, client=client)
    rows = found[["bodyId_pre", "bodyId_post", "roi", "weight"]].to_numpy().tolist()
    wanted = ROWS.fillna({"neuropil": "NotPrimary"}).to_numpy().tolist()
    assert sorted(rows) == sorted(wanted)
    _, found = neuprint.fetch_adjacencies([1, 2, 3], None, rois=["LH(R)"], client=client)
    assert sorted(found["weight"]) == [3, 7]


def test_neurons_by_input_region(client: neuprint.Client) -> None:
    inputs = NeuronCriteria(inputRois=["LH(R)"], min_roi_inputs=8, client=client)
    neurons, counts = neuprint.fetch_neurons(inputs, client=client)
    assert neurons["bodyId"].tolist() == [2]
    wanted = ROWS[ROWS["post"] == 2].groupby("neuropil")["weight"].sum().to_dict()
    posts = counts[counts["post"] > 0]
    assert dict(zip(posts["roi"], posts["post"], strict=True)) == wanted
