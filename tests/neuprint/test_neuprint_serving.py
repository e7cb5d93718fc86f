"""`cavegraph serve` itself, its certificate, and what a preset changes."""

from __future__ import annotations

import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import requests
from neuprint_client import client_of

import graphapi
import neuprint
from conformance.toy import ANNOTATIONS, BASE, ROWS
from graphapi.errors import InputError
from graphapi.serve.certificate import certificate_in
from graphapi.serve.neuprint.names import meanings
from support.graphs import build_graph

_MAIN = "from loader.cli import main; main()"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving")
    annotations = pd.DataFrame(ANNOTATIONS)[["root_id", "cell_class"]].dropna()
    return Path(build_graph(folder, ROWS[(ROWS > 0).all(axis=1)], annotations))


def test_the_command_prints_what_a_client_needs(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ctrl_c: None
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    command = [sys.executable, "-u", "-c", _MAIN, "serve", str(graph), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            said = "".join(running.stdout.readline() for _ in range(4))
            found = re.search(
                r"client = Client\('(.+?)', '(.+?)', token='(.+?)',\s+verify='(.+?)'\)", said
            )
            address, dataset, token, certificate = found.groups()
            client = neuprint.Client(address, dataset, token=token, verify=certificate)
            made = client.fetch_custom("MATCH (n:Neuron) RETURN count(n) AS c")
            assert made["c"].tolist() == [7]
            assert Path(certificate).parent.is_relative_to(tmp_path)
            with pytest.raises(requests.exceptions.SSLError):
                requests.get(f"https://{address}/api/version", timeout=30)
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(30) == 0


def test_a_certificate_is_made_once_for_its_names(tmp_path: Path) -> None:
    path, key = certificate_in(tmp_path, ["localhost", "127.0.0.1"])
    assert key.stat().st_mode & 0o077 == 0
    ssl.create_default_context(cafile=str(path)).load_cert_chain(path, key)
    first = path.read_bytes()
    certificate_in(tmp_path, ["127.0.0.1", "localhost"])
    assert path.read_bytes() == first
    certificate_in(tmp_path, ["localhost", "lab.example.org"])
    assert path.read_bytes() != first


def test_a_wrong_token_is_refused(graph: Path, certificate: tuple[Path, Path]) -> None:
    with (
        graphapi.Connectome.open(graph) as connectome,
        pytest.raises(requests.HTTPError, match="401"),
        client_of(connectome, certificate, password="a long password"),
    ):
        pass


def test_a_preset_says_what_names_mean(graph: Path, certificate: tuple[Path, Path]) -> None:
    given = {"instance": "cell_class", "status_without": "Anchor"}
    with graphapi.Connectome.open(graph) as connectome:
        with client_of(connectome, certificate, neuprint=given) as client:
            neurons, _ = neuprint.fetch_neurons(BASE + 1, client=client)
        types = connectome.annotations.neuron_types
    assert neurons[["instance", "status"]].to_numpy().tolist() == [["ER", "Anchor"]]
    with pytest.raises(InputError, match="group"):
        meanings(types, {"group": "no_such_field"})
    with pytest.raises(InputError, match="bodyId"):
        meanings(types, {"bodyId": "cell_class"})


def test_the_status_is_a_text_of_the_graph_if_it_has_one() -> None:
    """A list, as in CRANT's table, is not neuPrint's status."""
    for types, field, constant in (
        ({"status": "string"}, "status", ""),
        ({"status": "string", "proofread": "bool"}, "proofread", ""),
        ({"status": "list[string]"}, "", "Traced"),
        ({"status": "list[string]", "proofread": "bool"}, "proofread", ""),
    ):
        for name in ("status", "statusLabel"):
            found = meanings(types, {})[name]
            assert (found.field, found.constant) == (field, constant)
    assert meanings({"status": "list[string]"}, {"status": "status"})["status"].field == "status"


def test_time_is_limited(graph: Path, certificate: tuple[Path, Path]) -> None:
    with (
        graphapi.Connectome.open(graph) as connectome,
        client_of(connectome, certificate, seconds=0.000001) as client,
        pytest.raises(requests.HTTPError, match="stopped after"),
    ):
        client.fetch_custom("MATCH (n:Neuron) RETURN n.bodyId AS b")


def test_numbers_that_no_client_could_read_are_refused(
    graph: Path, certificate: tuple[Path, Path]
) -> None:
    largest = 2**63 - 1
    texts = {
        "5,000 digits": f"MATCH (n:Neuron) WHERE n.bodyId = {'9' * 5000} RETURN n.bodyId AS b",
        "as JSON": f"UNWIND [{largest}, {largest}, {largest}] AS x RETURN sum(x) AS b",
    }
    with (
        graphapi.Connectome.open(graph) as connectome,
        client_of(connectome, certificate) as client,
    ):
        for reason, text in texts.items():
            with pytest.raises(requests.HTTPError, match=reason):
                client.fetch_custom(text)
        found = client.fetch_custom(f"UNWIND [{largest}, 1] AS x RETURN x AS b")
    assert found["b"].tolist() == [largest, 1]
