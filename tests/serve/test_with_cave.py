"""What a server fetches from CAVE for its visitors, who never see its token."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from PIL import Image
from serve_client import Client

import graphapi
import loader
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings
from loader.sandbox import standin

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def connectome(
    demo_datastack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[graphapi.Connectome]:
    place = tmp_path_factory.mktemp("explored") / "ant.lbug"
    with standin.serve(demo_datastack, token=TOKEN) as server:
        tables = [demo_datastack / "annotations.parquet"]
        source = loader.CaveSource("demo_ant", server=server.url, token=TOKEN, annotations=tables)
        loader.load(source, place, progress=False)
        with graphapi.Connectome.open(place, server=server.url, token=TOKEN) as opened:
            yield opened


@pytest.fixture(scope="module")
def client(connectome: graphapi.Connectome) -> Iterator[Client]:
    with serve(connectome, Settings()) as running:
        yield Client(running)


def test_an_em_image_is_that_of_graphapi(client: Client, connectome: graphapi.Connectome) -> None:
    named = {"cell_class": "olfactory_projection_neuron", "side": "right", "tract": "mALT"}
    rows = connectome.get_synapses(connectome.criteria(**named).get_roots()[:1])
    x, y, z = (int(at) for at in rows.nlargest(1, "size")["ctr_pt_position"].iloc[0])
    answer = client.ask("em", x=x, y=y, z=z, size=64)
    assert answer.headers["content-type"] == "image/png", answer.text
    picture = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert (picture == connectome.plot_em_image(x, y, z, 64)).all()
    assert picture.std() > 0
    assert client.ask("em", x=1, y=2).status_code == 400


def test_a_scene_is_a_page_in_a_sandbox(client: Client, connectome: graphapi.Connectome) -> None:
    one = str(connectome.criteria(cell_class="EBc").get_roots()[0])
    answer = client.ask("scene", neurons=one)
    assert answer.status_code == 200, answer.text[:500]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "<canvas" in answer.text


def test_a_stale_id_is_mapped_and_said(client: Client, demo_datastack: Path) -> None:
    edits = pd.read_parquet(demo_datastack / "chunkedgraph" / "supervoxels.parquet")
    now = pd.read_parquet(demo_datastack / "tables" / "synapses_v2" / "v3.parquet")
    current = set(now["pre_pt_root_id"]) | set(now["post_pt_root_id"])
    ended = edits[edits["end"].notna() & ~edits["root_id"].isin(current)]
    later = edits[edits["end"].isna()].set_index("supervoxel_id")["root_id"]
    ended = ended[ended["supervoxel_id"].map(later).isin(current)]
    stale = str(ended["root_id"].iloc[0])
    answer = client.get("search", text=stale)
    (new,) = (row[0] for row in answer["rows"])
    assert answer["provenance"]["id_mapping"] == {stale: new}
    assert [note["kind"] for note in answer["notes"]] == ["StaleRootId"]
    assert int(new) in current


def test_the_token_reaches_no_page(client: Client, connectome: graphapi.Connectome) -> None:
    one = str(connectome.criteria(cell_class="EBc").get_roots()[0])
    for route, asked in (
        ("info", {}),
        ("neuron", {"id": one}),
        ("scene", {"neurons": one}),
        ("partners", {"neurons": one}),
        ("em", {"x": 10**9, "y": 1, "z": 1}),
    ):
        answer = client.ask(route, **asked)
        assert TOKEN not in answer.text
        assert TOKEN not in str(answer.headers)
    link = client.get("neuron", id=one)["links"]["neuroglancer"]
    assert one in requests.utils.unquote(link)
