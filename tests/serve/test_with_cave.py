"""What a server fetches from CAVE for its visitors, who never see its token."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from explorer import Explorer
from PIL import Image
from serve_client import Client

import graphapi
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings
from loader.sandbox import standin
from support.assistant import connected

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def connectome(demo_datastack: Path, demo_graph: Path) -> Iterator[graphapi.Connectome]:
    with (
        standin.serve(demo_datastack, token=TOKEN) as server,
        graphapi.Connectome.open(demo_graph, server=server.url, token=TOKEN) as opened,
    ):
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


def stale_id(datastack: Path) -> tuple[str, set[int]]:
    """Return an id that an edit ended before the graph's version, and that version's ids."""
    edits = pd.read_parquet(datastack / "chunkedgraph" / "supervoxels.parquet")
    now = pd.read_parquet(datastack / "tables" / "synapses_v2" / "v3.parquet")
    current = set(now["pre_pt_root_id"]) | set(now["post_pt_root_id"])
    ended = edits[edits["end"].notna() & ~edits["root_id"].isin(current)]
    later = edits[edits["end"].isna()].set_index("supervoxel_id")["root_id"]
    ended = ended[ended["supervoxel_id"].map(later).isin(current)]
    return str(ended["root_id"].iloc[0]), current


def test_a_stale_id_is_mapped_and_said(client: Client, demo_datastack: Path) -> None:
    stale, current = stale_id(demo_datastack)
    answer = client.get("search", text=stale)
    (new,) = (row[0] for row in answer["rows"])
    assert answer["provenance"]["id_mapping"] == {stale: new}
    assert [note["kind"] for note in answer["notes"]] == ["StaleRootId"]
    assert int(new) in current
    directions = ("upstream", "downstream")
    near = [
        row for one in directions for row in client.records("partners", neurons=new, direction=one)
    ]
    both = [
        client.get("partners", neurons=near[0]["partner"], direction=one, among=stale)
        for one in directions
    ]
    assert {row[1] for one in both for row in one["rows"]} == {new}
    assert all(one["provenance"]["id_mapping"] == {stale: new} for one in both)


def test_the_page_maps_a_stale_id_and_says_so(
    window: Explorer, client: Client, demo_datastack: Path
) -> None:
    stale, _ = stale_id(demo_datastack)
    (new,) = (row[0] for row in client.get("search", text=stale)["rows"])
    window.complaints()
    window.at(client.url)
    for view, asked in (("neuron", {"id": stale}), ("partners", {"neurons": stale})):
        window.open(view, **asked)
        banner = window.text("#mapped")
        assert "1 id is from another version and was mapped to v3" in banner
        assert f"{stale} → {new}" in banner
    assert window.complaints() == []


def test_an_assistant_gets_stale_ids_mapped_and_no_token(
    client: Client, demo_datastack: Path, connectome: graphapi.Connectome
) -> None:
    stale, _ = stale_id(demo_datastack)
    with connected(f"{client.url}/mcp") as assistant:
        found = assistant.ask("find_neurons", text=stale)
        (new,) = (row["root_id"] for row in found.records)
        assert found.json["provenance"]["id_mapping"] == {stale: new}
        assert f"ids of other versions mapped: {stale} -> {new}" in found.text
        assert [note["kind"] for note in found.json["notes"]] == ["StaleRootId"]
        assert all(tool.annotations.open_world_hint for tool in assistant.tools())
        answers = [
            found,
            assistant.ask("describe_graph"),
            assistant.ask("get_partners", neurons=[stale]),
            assistant.call("find_neurons", text="7"),
            assistant.call("get_partners", neurons="1234567890123"),
        ]
    assert answers[-1].failed
    for one in answers:
        assert TOKEN not in one.text
        assert TOKEN not in str(one.json)


#: The sum of the grey levels of the picture.
_GREYS = """
const picture = document.querySelector('.em img'), paper = document.createElement('canvas');
if (!picture?.naturalWidth) return null;
[paper.width, paper.height] = [picture.naturalWidth, picture.naturalHeight];
const pen = paper.getContext('2d');
pen.drawImage(picture, 0, 0);
const data = pen.getImageData(0, 0, paper.width, paper.height).data;
let sum = 0;
for (let i = 0; i < data.length; i += 4) sum += data[i];
return sum;
"""


def test_the_page_shows_a_mesh_and_em_images(
    window: Explorer, client: Client, connectome: graphapi.Connectome
) -> None:
    """EM chunks that are missing are an error first, and black where the person asks for it."""
    neurons = connectome.get_neurons(connectome.criteria(cell_class="EBc"))
    root, place = neurons[["root_id", "position"]].dropna().iloc[0]
    window.complaints()
    window.at(client.url).open("neuron", id=root)
    window.click(".mesh button")
    window.driver.switch_to.frame(window.one(".mesh iframe"))
    try:
        window.until(lambda: window.all("canvas"))
        assert "1 surface" in window.text("body")
    finally:
        window.driver.switch_to.default_content()
    assert window.complaints() == []
    x, y, z = (int(one) for one in re.findall(r"\d+", str(place)))
    with pytest.raises(graphapi.errors.ImageryNotFoundError):
        connectome.plot_em_image(x, y, z, 512)
    window.click(".em button")
    window.until(lambda: window.all(".em .problem"))
    assert "is not stored" in window.text(".em .problem")
    window.click(".em button")
    window.until(lambda: window.js(_GREYS) is not None)
    expected = connectome.plot_em_image(x, y, z, 512, fill_missing=True)
    assert window.js(_GREYS) == int(expected.sum(dtype=int))
    assert "black may be missing" in window.text(".em")
    window.complaints()  # Chromium logs the status 404


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
