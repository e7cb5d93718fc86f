"""A canary in place of the token, through everything that is asked of a loaded demo.

On both engines: loads, images, meshes, scenes, links, figures, pages, exports, the command line,
and the demo's own server. It is in no file, log, output, error, property or object.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pytest
from canary import CANARY

import graphapi
import loader
from graphapi.cave.connection import Cave
from graphapi.errors import CavegraphError
from graphapi.imagery.scene_page import scene_page
from loader.cli import main
from loader.sandbox.demo import run
from loader.sandbox.standin import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

mpl.use("Agg")
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def loaded(
    demo_datastack: Path, place: str, tmp_path: Path, quiet: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The demo loaded from a server that wants the canary, which goes on running."""
    with serve(demo_datastack, token=CANARY) as server:
        monkeypatch.setenv("CAVEGRAPH_SERVER", server.url)
        monkeypatch.setenv("CAVEGRAPH_TOKEN", CANARY)
        with quiet() as failures:
            source = loader.CaveSource.from_preset(
                run.DATASTACK,
                server=server.url,
                annotations=[demo_datastack / "annotations.parquet"],
            )
            report = loader.load(source, place, work=tmp_path / "w", replace=True, progress=False)
            assert CANARY not in f"{report}{report!r}{source!r}{report.record.to_json()}"
        assert not failures
        yield place


def objects(value: object) -> str:
    """All that a result shows of itself, its attributes included."""
    shown = [repr(value), str(value), str(getattr(value, "attrs", ""))]
    if hasattr(value, "_repr_html_"):
        shown.append(str(value._repr_html_()))
    if hasattr(value, "__dict__"):
        shown.append(str(vars(value)))
    return "".join(shown)


def test_everything_that_is_asked_of_a_graph(
    loaded: str, tmp_path: Path, quiet: Any, request: pytest.FixtureRequest
) -> None:
    ask_in_python(loaded, tmp_path, quiet)
    ask_by_commands(loaded, tmp_path, quiet)
    if loaded.startswith("bolt"):
        look_into_neo4j(loaded, request.getfixturevalue("neo4j_server").home)


def ask_in_python(loaded: str, tmp_path: Path, quiet: Any) -> None:
    made: list[object] = []
    with graphapi.Connectome.open(loaded) as connectome:
        with quiet() as failures:
            chosen = connectome.criteria(cell_class="EBc", region="CX").get_roots()[:2]
            cells = connectome.criteria(
                cell_class="olfactory_projection_neuron", side="right", tract="mALT"
            ).get_roots()[:3]  # the demo has EM around their largest synapses
            synapses = connectome.get_synapses(pre_ids=cells, threshold=3, min_size=10)
            largest = synapses.sort_values("size", ascending=False).iloc[0]
            at = [int(x) for x in largest["ctr_pt_position"]]
            scene = connectome.get_brain_mesh_scene(chosen, progress=False)
            page = scene_page(scene)
            page.save(tmp_path / "scene.html")
            graph_page = connectome.view_subgraph(chosen)
            graph_page.save(tmp_path / "graph.html")
            made += [connectome, synapses, page, graph_page]
            made += [connectome.plot_em_image(*at, 32), connectome.neuroglancer_link(chosen)]
            made.append(connectome.get_connectivity(chosen, min_size=5))
            for number, figure in enumerate(
                (
                    connectome.plot_synapse_sizes(chosen),
                    connectome.plot_synapses_in_em(synapses=synapses, size=40, count=1),
                    connectome.plot_adjacency(pre_ids=chosen, post_ids=chosen),
                    connectome.plot_partner_classes(int(chosen[0]), "downstream", 5),
                )
            ):
                drawn = figure if hasattr(figure, "figure") else figure.flat[0]
                drawn.figure.savefig(tmp_path / f"{number}.svg")
                drawn.figure.savefig(tmp_path / f"{number}.png")
            connectome.to_parquet(tmp_path / "export")
            made += [connectome.get_annotations(chosen), connectome.materialization]
            made.append(connectome.cypher("MATCH (n) RETURN n LIMIT 3"))
            made.append(connectome.cypher("MATCH (m:Materialization) RETURN m"))
        assert not failures, failures
        assert (tmp_path / "scene.html").stat().st_size > 10_000
        assert (tmp_path / "export" / "connections.parquet").exists()
        assert [one for one in made if CANARY in objects(one)] == []
        with quiet() as failures:
            for wrong in (
                lambda: connectome.get_synapses(pre_ids=[1]),
                lambda: connectome.get_connectivity(chosen, materialization=77),
                lambda: connectome.plot_em_image(10**9, 10**9, 10**9, 32),
                lambda: connectome.get_brain_mesh_scene([1], progress=False),
                lambda: connectome.cypher("LOAD CSV FROM 'x' AS x RETURN x"),
            ):
                with pytest.raises((CavegraphError, ValueError)) as told:
                    wrong()
                assert CANARY not in "".join(traceback.format_exception(told.value))


def ask_by_commands(loaded: str, tmp_path: Path, quiet: Any) -> None:
    graph = ["-g", loaded]
    commands = [
        ["info", *graph],
        ["info", "--json", *graph],
        ["verify", *graph],
        ["export", str(tmp_path / "exported"), *graph],
        ["neurons", "-w", "cell_class=EBc", "--csv", str(tmp_path / "neurons.csv"), *graph],
        [
            "cypher",
            "MATCH (m:Materialization) RETURN m",
            "--json",
            str(tmp_path / "m.json"),
            *graph,
        ],
        ["synapses", "--pre", "1", *graph],
        ["info", "-g", str(tmp_path / "not-there.lbug")],
    ]
    codes = []
    for command in commands:
        with quiet() as failures:
            main(command)
        (ended,) = failures
        assert isinstance(ended, SystemExit)
        codes.append(ended.code or 0)
    assert codes[:6] == [0] * 6, codes
    assert 0 not in codes[6:]


def look_into_neo4j(uri: str, home: Path | None) -> None:
    """Every property, and every file of the server."""
    import neo4j

    auth = (os.environ["CAVEGRAPH_NEO4J_USER"], os.environ["CAVEGRAPH_NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(uri, auth=auth) as driver:
        rows = driver.execute_query("MATCH (n) RETURN properties(n) AS p").records
        ties = driver.execute_query("MATCH ()-[r]->() RETURN DISTINCT keys(r) AS k").records
    assert len(rows) > 1000
    assert CANARY not in str(rows) + str(ties)
    if home is None:
        return
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []


def test_the_demo_server_tells_its_own_token_alone(
    demo_datastack: Path, tmp_path: Path, quiet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the demo with a token in the environment finds it nowhere."""
    places = run.Places(tmp_path / "demo")
    places.root.mkdir()
    shutil.copytree(demo_datastack, places.datastack)
    (places.datastack / f".{run._DONE}-7").touch()
    monkeypatch.setenv("CAVEGRAPH_TOKEN", CANARY)
    with quiet() as failures, run.serve_demo(places, port=0) as server:
        told = run.exports(places, server.url)
        assert told["CAVEGRAPH_TOKEN"] == run.TOKEN != CANARY
        with pytest.raises(CavegraphError):  # the canary is not its token
            Cave.connect(run.DATASTACK, server=server.url, token=CANARY, max_retries=0).versions()
        assert CANARY not in json.dumps(told) + repr(server) + repr(server.requests)
    assert not failures


@pytest.mark.parametrize("where", ["file", "name", "log", "output", "warning", "error"])
def test_a_planted_canary_is_seen(where: str, tmp_path: Path, quiet: Any) -> None:
    with pytest.raises(AssertionError), quiet():
        plant(where, tmp_path)


def plant(where: str, folder: Path) -> None:
    if where == "file":
        (folder / "deep").mkdir()
        (folder / "deep" / "x").write_bytes(b"\xff" + CANARY.encode())
    elif where == "name":
        (folder / CANARY).touch()
    elif where == "log":
        logging.getLogger("anything").debug("token %s", CANARY)
    elif where == "output":
        print(CANARY)
    elif where == "warning":
        warnings.warn(CANARY, stacklevel=1)
    else:
        raise CavegraphError("no", hint=f"use {CANARY}")
