"""The real neuprint-python against our server, over https on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hemibrain import Hemibrain, written
from neuprint_client import client_of

import graphapi
import neuprint
from conformance import direct
from conformance.toy import ANNOTATIONS, ROWS
from graphapi.serve.certificate import certificate_in
from loader.cli import main
from loader.sources.presets import read_preset
from support.connectomes import DATA, need_data, real_edges
from support.graphs import build_graph


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate_in(tmp_path_factory.mktemp("tls"), ["localhost", "127.0.0.1"])


@pytest.fixture(
    scope="session", params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])]
)
def toy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[graphapi.Connectome]:
    """The hand-drawn graph on each engine."""
    content = direct.contents(ROWS, ANNOTATIONS)
    server = request.getfixturevalue("neo4j_server") if request.param == "neo4j" else None
    path = tmp_path_factory.mktemp("neuprint") / "toy.lbug"
    with direct.opened(content, path, server) as connectome:
        yield connectome


@pytest.fixture(scope="session")
def client(toy: graphapi.Connectome, certificate: tuple[Path, Path]) -> Iterator[neuprint.Client]:
    with client_of(toy, certificate) as made:
        yield made


@pytest.fixture(scope="session")
def larva(tmp_path_factory: pytest.TempPathFactory) -> Iterator[graphapi.Connectome]:
    """The whole brain of a larva, with its neurons' classes."""
    need_data()
    neurons = pd.read_parquet(DATA / "larva_winding2023" / "neurons.parquet")
    annotations = neurons[["neuron_id", "cell_class", "side"]]
    annotations = annotations.rename(columns={"neuron_id": "root_id"})
    path = build_graph(tmp_path_factory.mktemp("larva"), real_edges("larva"), annotations)
    with graphapi.Connectome.open(path) as opened:
        yield opened


@pytest.fixture(scope="session")
def larva_client(
    larva: graphapi.Connectome, certificate: tuple[Path, Path]
) -> Iterator[neuprint.Client]:
    with client_of(larva, certificate) as made:
        yield made


@pytest.fixture(scope="session")
def hemibrain(tmp_path_factory: pytest.TempPathFactory) -> Hemibrain:
    """A made-up brain in the hemibrain's published shape, loaded as its users do."""
    made = written(tmp_path_factory.mktemp("hemibrain"))
    files = ("hemibrain.feather", "neurons.feather", "primary.txt", "hemibrain.lbug")
    rows, neurons, primary, graph = (str(made.folder / name) for name in files)
    command = ["load", rows, "-a", neurons, "--regions", primary, "--synthetic", "--to", graph]
    with pytest.raises(SystemExit) as done:
        main(command)
    assert done.value.code in (0, None)
    return made


@pytest.fixture(scope="session")
def hemibrain_graph(hemibrain: Hemibrain) -> Iterator[graphapi.Connectome]:
    with graphapi.Connectome.open(hemibrain.folder / "hemibrain.lbug") as opened:
        yield opened


@pytest.fixture(scope="session")
def hemibrain_client(
    hemibrain: Hemibrain, hemibrain_graph: graphapi.Connectome, certificate: tuple[Path, Path]
) -> Iterator[neuprint.Client]:
    given = read_preset(hemibrain.folder / "hemibrain.toml").neuprint
    with client_of(hemibrain_graph, certificate, neuprint=given) as made:
        yield made
