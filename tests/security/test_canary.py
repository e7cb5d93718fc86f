"""A canary in place of the token: it may meet the places that a person vouched for, nothing else.

Not a server beside them, no address, log, warning, error, file or output.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from canary import CANARY

import graphapi
import loader
from graphapi.cave.connection import Cave
from graphapi.cave.token import generate_cave_token
from graphapi.cave.trust import TokenWarning
from graphapi.common.address import Origin
from graphapi.common.http import Pass, mount
from graphapi.errors import CaveAuthError, CavegraphError
from graphapi.graph.fallback import CaveAccess
from graphapi.imagery.careful import TicketAdapter, ticketed
from graphapi.imagery.em import cut_out
from graphapi.imagery.meshes import get_meshes
from graphapi.imagery.volume import _library, open_volume, read_brain_mesh
from loader.sandbox.standin import serve, write_folder
from support.raw_server import RawServer, answer, raw_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def sink() -> Iterator[RawServer]:
    """A stranger's server, which answers everything with an empty object."""
    with raw_server(lambda _: [answer(b"{}", "Content-Type: application/json")]) as server:
        yield server


def redirecting(sink: RawServer, *paths: str) -> Callable[[str], list[bytes]]:
    def says(line: str) -> list[bytes]:
        if any(path in line for path in paths):
            return [answer(b"", f"Location: {sink.url}/stolen", status="302 Found")]
        return [answer(b"{}", "Content-Type: application/json")]

    return says


# a graph from a stranger ---------------------------------------------------------------------


def forms(sink: RawServer) -> dict[str, str]:
    """Addresses that a stranger's graph may hold: all lead to the sink, or to nobody."""
    at = f"127.0.0.1:{sink.port}"
    return {
        "backslash": rf"precomputed://middleauth+http://{at}\@127.0.0.1/v",
        "password": rf"precomputed://middleauth+http://{at}:P\@127.0.0.1/v",
        "graphene": rf"graphene://http://{at}\@known.example/table/x",
        "graphene middleauth": rf"graphene://middleauth+http://{at}\@known.example/table/x",
        "user": f"graphene://https://known.example@{at}/table/x",
        "another port": "graphene://https://known.example:8443/table/x",
        "plain http": "graphene://http://known.example/table/x",
        "another host": "precomputed://middleauth+https://stranger.example/v",
        "control": f"graphene://https://known.example\r\n@{at}/table/x",
    }


@pytest.mark.parametrize("form", sorted(forms(SimpleNamespace(port=1))))  # type: ignore[arg-type]
@pytest.mark.parametrize("token", [None, CANARY], ids=["saved", "given"])
def test_a_strangers_graph(form: str, token: str | None, sink: RawServer, quiet: Any) -> None:
    generate_cave_token("https://known.example", token=CANARY)
    address = forms(sink)[form]
    record: Any = SimpleNamespace(server="https://known.example", datastack="ants")
    source = CaveAccess(record, token=token, server=None)
    with quiet() as failures:
        open_volume(address, source.token_for(address))
    with pytest.raises(CaveAuthError, match="was not sent"):
        source.token_for(address)
    assert failures
    assert CANARY not in sink.heard


# redirects and what info records name ----------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/info/version", "/datastack/full", "/materialize", "/segmentation", "/api/versions"]
)
def test_a_server_that_sends_on(path: str, sink: RawServer, quiet: Any) -> None:
    with raw_server(redirecting(sink, path)) as server, quiet() as failures:
        Cave.connect("tiny", server=server.url, token=CANARY, max_retries=0)
    assert failures
    assert CANARY in server.heard, "the place that was named gets the token"
    assert CANARY not in sink.heard


def info_record(local_server: str) -> dict[str, Any]:
    return {
        "aligned_volume": {"name": "av", "id": 1, "description": "", "image_source": None},
        "local_server": local_server,
        "segmentation_source": f"graphene://{local_server}/segmentation/table/seg",
        "synapse_table": "synapses",
        "viewer_resolution_x": 4.0,
        "viewer_resolution_y": 4.0,
        "viewer_resolution_z": 40.0,
    }


def serving(record: dict[str, Any]) -> Callable[[str], list[bytes]]:
    def says(line: str) -> list[bytes]:
        body: Any = "4.0.0" if "version" in line else record
        return [answer(json.dumps(body).encode(), "Content-Type: application/json")]

    return says


def test_a_local_server_is_named_before_it_gets_the_token(sink: RawServer, quiet: Any) -> None:
    with raw_server(serving(info_record(sink.url))) as server:
        with quiet(), pytest.warns(TokenWarning, match=sink.url):
            cave = Cave.connect("tiny", server=server.url, token=CANARY, max_retries=0)
        assert sink.requests == []
        with quiet() as failures:
            cave.versions()
        assert failures
    assert CANARY in sink.heard


@pytest.mark.parametrize(
    "local",
    [
        "http://stranger.example",
        r"http://127.0.0.1:PORT\@known.example",
        "http://me@127.0.0.1:PORT",
    ],
)
def test_a_local_server_that_may_not_see_it(local: str, sink: RawServer, quiet: Any) -> None:
    record = info_record(local.replace("PORT", str(sink.port)))
    with raw_server(serving(record)) as server, quiet() as failures:
        cave = Cave.connect("tiny", server=server.url, token=CANARY, max_retries=0, timeout=2)
        for service in ("annotation", "skeleton", "l2cache", "materialize", "chunkedgraph"):
            try:
                cave._ask(service, lambda name=service: getattr(cave.client, name))  # type: ignore[misc]
            except CavegraphError as error:
                failures.append(error)
        cave.versions()
    assert failures
    assert CANARY not in sink.heard


def test_plain_http_gets_none_though_the_person_named_it(
    quiet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a server elsewhere: this machine is taken for another one."""
    monkeypatch.setattr(Origin, "on_this_machine", False)
    refusal = answer(b"{}", "Content-Type: application/json", status="401 Unauthorized")
    with raw_server(lambda _: [refusal]) as server:
        for token in (CANARY, None):
            with quiet() as failures:
                Cave.connect("tiny", server=server.url, token=token, max_retries=0)
            assert "use the server's https address" in str(failures[0])
        with quiet() as failures:
            open_volume(f"graphene://{server.url}/segmentation/table/x", CANARY)
        assert "over plain http" in str(failures[0])
        assert len(server.requests) == 3
        assert CANARY not in server.heard


@pytest.mark.parametrize(
    "service", ["info", "materialize", "chunkedgraph", "annotation", "skeleton", "l2cache", "state"]
)
def test_the_plain_client_takes_no_token_on(service: str, sink: RawServer, quiet: Any) -> None:
    """Each of its services asks for versions by itself, some past their own session."""
    with raw_server(lambda _: []) as server:
        server.says = serving(info_record(server.url))
        cave = Cave.connect("tiny", server=server.url, token=CANARY, max_retries=0, timeout=2)
        server.says = redirecting(sink, "/")
        with quiet(), pytest.raises(CavegraphError):
            cave._ask(service, lambda: getattr(cave.client, service))
    assert CANARY not in sink.heard


# volumes -----------------------------------------------------------------------------------------

VOLUME = {
    "type": "segmentation",
    "data_type": "uint64",
    "num_channels": 1,
    "mesh": "mesh",
    "scales": [
        {
            "chunk_sizes": [[8, 8, 8]],
            "encoding": "raw",
            "key": "8_8_8",
            "resolution": [8, 8, 8],
            "size": [8, 8, 8],
            "voxel_offset": [0, 0, 0],
        }
    ],
}


def of_a_volume(
    info: dict[str, Any], sink: RawServer, *sent_on: str
) -> Callable[[str], list[bytes]]:
    def says(line: str) -> list[bytes]:
        if any(path in line for path in sent_on):
            return [answer(b"", f"Location: {sink.url}/stolen", status="302 Found")]
        if line.split()[1].endswith("/info") and "mesh/info" not in line:
            return [answer(json.dumps(info).encode())]
        if "8_8_8" in line:
            return [answer(np.ones(512, np.uint64).tobytes())]
        return [answer(b"", status="404 Not Found")]

    return says


@pytest.mark.parametrize(
    ("prefix", "sent_on"), [("middleauth+", "v/info"), ("", "8_8_8"), ("", "mesh")]
)
def test_a_volume_that_sends_on(prefix: str, sent_on: str, sink: RawServer, quiet: Any) -> None:
    with raw_server(of_a_volume(VOLUME, sink, sent_on)) as server:
        source = f"precomputed://{prefix}{server.url}/v"
        with quiet():
            cut_out(source, (4, 4, 4), 4, resolution=(8, 8, 8), token=CANARY)
        with quiet():
            get_meshes(source, [7], token=CANARY)
        with quiet():
            read_brain_mesh(f"{source}#7", CANARY)
    assert (CANARY in server.heard) is bool(prefix)
    assert "/stolen" in sink.heard
    assert CANARY not in sink.heard


@pytest.mark.parametrize("trusted", [True, False])
def test_what_cloud_volumes_library_sends(trusted: bool, sink: RawServer, quiet: Any) -> None:
    """It adds the token itself, and reads one from the home folder where it is given none."""
    from cloudfiles.interfaces import HttpInterface

    adapter = TicketAdapter()
    with raw_server(of_a_volume(VOLUME, sink, "moved")) as server, quiet():
        shows = Pass.to(CANARY, server.url) if trusted else Pass.to(None)
        ticket = adapter.ticket_for(shows)
        place = SimpleNamespace(host=server.url, path="v")
        one = ticketed(HttpInterface)(place, secrets={"token": ticket})
        mount(one.session, adapter)
        one.get_file("8_8_8/0-8_0-8_0-8")
        one.get_file("moved")
    assert (CANARY in server.heard) is trusted
    assert "/stolen" in sink.heard
    assert CANARY not in sink.heard
    assert ticket not in server.heard + sink.heard


def test_the_library_reads_authorized_places_by_our_class() -> None:
    """One contract with cloud-files: if its table of classes moves, this says so."""
    from cloudfiles import CloudFiles

    _library()
    files = CloudFiles("middleauth+https://cave.example/v", secrets={"token": "a-ticket"})
    with files._get_connection() as connection:
        assert connection.default_headers() == {"Authorization": "Bearer a-ticket"}
        assert isinstance(connection.session.get_adapter("https://x"), TicketAdapter)


@pytest.mark.parametrize("prefix", ["precomputed://middleauth+", "graphene://middleauth+"])
def test_an_info_file_that_names_another_place(prefix: str, sink: RawServer, quiet: Any) -> None:
    moved = {"redirect": f"{prefix}{sink.url}/v"}
    with raw_server(lambda _: [answer(json.dumps(moved).encode())]) as server, quiet() as failures:
        open_volume(f"{prefix}{server.url}/v", CANARY)
    assert failures
    assert CANARY in server.heard
    assert sink.requests
    assert CANARY not in sink.heard


def test_a_chunkedgraph_whose_data_lie_with_a_stranger(sink: RawServer, quiet: Any) -> None:
    graph = {
        "chunk_size": [8, 8, 8],
        "cv_mip": 0,
        "n_bits_for_layer_id": 8,
        "n_layers": 4,
        "spatial_bit_masks": {"1": 8, "2": 8, "3": 8, "4": 8},
    }
    info = {
        **VOLUME,
        "graph": graph,
        "app": {"supported_api_versions": [0, 1]},
        "data_dir": f"middleauth+{sink.url}/data",
        "mesh_metadata": {"unsharded_mesh_dir": "dynamic"},
    }
    with raw_server(of_a_volume(info, sink)) as server:
        source = f"graphene://middleauth+{server.url}/segmentation/table/x"
        with quiet():
            cut_out(source, (4, 4, 4), 4, resolution=(8, 8, 8), token=CANARY)
        with quiet():
            get_meshes(source, [7], token=CANARY)
    assert CANARY in server.heard
    assert CANARY not in sink.heard


def test_a_strangers_volume_gets_none_of_the_saved_ones(sink: RawServer, quiet: Any) -> None:
    """Left without a token, cloud-volume's library would read one from the home folder."""
    with raw_server(of_a_volume(VOLUME, sink)) as server, quiet():
        cut_out(f"precomputed://{server.url}/v", (4, 4, 4), 4, resolution=(8, 8, 8))
        get_meshes(f"precomputed://{server.url}/v", [7])
    assert "8_8_8" in server.heard
    assert CANARY not in server.heard


# a whole load, and what is asked after it -------------------------------------------------------


def test_a_load_its_graph_and_its_files(tmp_path: Path, quiet: Any) -> None:
    roots = np.array([2**59 + i for i in range(6)])
    chance = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "id": np.arange(1, 61),
            "valid": True,
            "pre_pt_supervoxel_id": chance.integers(1, 9, 60) + (1 << 56),
            "pre_pt_root_id": chance.choice(roots, 60),
            "post_pt_supervoxel_id": chance.integers(1, 9, 60) + (1 << 56),
            "post_pt_root_id": chance.choice(roots, 60),
            "size": chance.integers(1, 50, 60).astype(np.int32),
        }
    )
    folder = write_folder(tmp_path / "served", {"synapses": rows}, datastack="tiny_stack")
    with serve(folder, token=CANARY, row_limit=25) as server:
        with quiet() as failures:
            source = loader.CaveSource("tiny_stack", server=server.url, token=CANARY)
            report = loader.load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
        assert not failures
        assert CANARY not in f"{report}{report!r}{source!r}"
        with graphapi.Connectome.open(tmp_path / "g.lbug", token=CANARY) as connectome:
            with quiet() as failures:
                raw = connectome.get_synapses(pre_ids=roots.tolist())
                connectome.get_connectivity(roots.tolist(), min_size=2)
                connectome.get_cave_client()
            assert not failures
            with quiet() as failures:
                connectome.get_connectivity(roots.tolist(), materialization=77)
            assert failures
            kept = f"{connectome!r}{raw.attrs}{connectome.materialization!r}"
            assert CANARY not in kept + raw.to_csv()
    with serve(folder, token="another-token-another-token") as server:
        with quiet() as failures:
            loader.CaveSource("tiny_stack", server=server.url, token=CANARY).version  # noqa: B018
        assert failures
