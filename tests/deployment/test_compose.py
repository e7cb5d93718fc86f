"""docker-compose.yml: nothing open to the network, no password of ours, memory that can be set."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j
import pytest
import yaml

if TYPE_CHECKING:
    from neo4j_server import Neo4jServer

FILE = Path(__file__).parents[2] / "docker-compose.yml"
TEXT = FILE.read_text("utf-8")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def resolved(**environment: str) -> dict[str, Any]:
    """Put values in as Compose does, for the two forms that the file uses."""

    def value(match: re.Match[str]) -> str:
        name, form, rest = match.groups()
        if environment.get(name):
            return environment[name]
        if form == "?":
            raise LookupError(f"{name} {rest}")
        return rest

    return dict(yaml.safe_load(VARIABLE.sub(value, TEXT)))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return resolved(CAVEGRAPH_NEO4J_PASSWORD="a password")


def test_no_password_is_an_error_that_names_the_variable() -> None:
    with pytest.raises(LookupError, match="CAVEGRAPH_NEO4J_PASSWORD is not set"):
        resolved()


def test_the_password_comes_from_the_environment_alone(compose: dict[str, Any]) -> None:
    auth = compose["services"]["neo4j"]["environment"]["NEO4J_AUTH"]
    assert auth == "neo4j/a password"


def test_ports_are_on_loopback(compose: dict[str, Any]) -> None:
    assert compose["services"]["neo4j"]["ports"] == [
        "127.0.0.1:7474:7474",
        "127.0.0.1:7687:7687",
    ]


def test_memory_and_ports_can_be_set() -> None:
    environment = {
        "CAVEGRAPH_NEO4J_PASSWORD": "a password",
        "CAVEGRAPH_NEO4J_HEAP": "7G",
        "CAVEGRAPH_NEO4J_PAGECACHE": "5G",
        "CAVEGRAPH_NEO4J_BOLT_PORT": "17687",
    }
    service = resolved(**environment)["services"]["neo4j"]
    settings = service["environment"]
    assert settings["NEO4J_server_memory_heap_max__size"] == "7G"
    assert settings["NEO4J_server_memory_pagecache_size"] == "5G"
    assert settings["NEO4J_server_bolt_advertised__address"] == "localhost:17687"
    assert "127.0.0.1:17687:7687" in service["ports"]


def test_every_variable_is_explained_at_the_top() -> None:
    head = TEXT.split("services:")[0]
    assert {match[1] for match in VARIABLE.finditer(TEXT)} == set(
        re.findall(r"^#   (CAVEGRAPH_\w+)", head, re.MULTILINE)
    )


def test_data_outlives_the_container_and_is_what_the_import_fills(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    for name in ("neo4j", "import"):
        assert "data:/data" in services[name]["volumes"]
        assert services[name]["image"] == "neo4j:5.26-community"
    assert set(compose["volumes"]) == {"data", "logs"}


def test_the_import_runs_only_when_asked(compose: dict[str, Any]) -> None:
    service = compose["services"]["import"]
    assert service["profiles"] == ["import"]
    assert " ".join(service["entrypoint"]).endswith(
        "neo4j-admin database import full neo4j --id-type=integer"
    )
    assert "profiles" not in compose["services"]["neo4j"]


@pytest.mark.neo4j
def test_settings_are_names_that_a_real_server_knows(
    compose: dict[str, Any], neo4j_server: Neo4jServer
) -> None:
    """The image turns `_` into `.` and `__` into `_`."""
    settings = compose["services"]["neo4j"]["environment"]
    names = {
        name.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_")
        for name in settings
        if name not in ("NEO4J_AUTH", "NEO4J_PLUGINS")
    }
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        answer = driver.execute_query("SHOW SETTINGS YIELD name", database_="neo4j")
    known = {record["name"] for record in answer.records}
    assert len(names) >= 5
    # not listed by any server: test_neo4j_refuses shows that it works
    names.remove("internal.dbms.cypher_ip_blocklist")
    assert names <= known, f"unknown to the server: {sorted(names - known)}"


def compose_is_installed() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0


@pytest.mark.skipif(not compose_is_installed(), reason="Docker Compose is not installed")
def test_compose_itself_accepts_the_file() -> None:
    command = ["docker", "compose", "-f", str(FILE), "config", "-q"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CAVEGRAPH_")}
    refused = subprocess.run(command, capture_output=True, text=True, env=clean)
    assert refused.returncode != 0
    assert "CAVEGRAPH_NEO4J_PASSWORD" in refused.stderr
    given = {**clean, "CAVEGRAPH_NEO4J_PASSWORD": "a password"}
    accepted = subprocess.run(command, capture_output=True, text=True, env=given)
    assert accepted.returncode == 0, accepted.stderr
