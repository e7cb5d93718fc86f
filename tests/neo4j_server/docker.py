"""A Neo4j server in a Docker container, by testcontainers."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from .process import ServerStartError, answers

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

IMAGE = "neo4j:5.26-community"
_PATIENCE = 180.0  # seconds, after the image is there


def docker_obstacle() -> str | None:
    """Say why no container can be started; None where a Docker engine answers."""
    try:
        import docker  # type: ignore[import-untyped]
        import testcontainers  # noqa: F401
    except ImportError:
        return "the Python package `testcontainers` is not installed"
    try:
        client = docker.from_env(timeout=5)
        try:
            client.ping()
        finally:
            client.close()
    except docker.errors.DockerException:
        return "no Docker engine answers"
    return None


class DockerServer:
    """A container that is removed on `stop`."""

    user = "neo4j"

    def __init__(self) -> None:
        self.password = secrets.token_urlsafe(16)
        self.uri = self.http_url = ""
        self._container: DockerContainer | None = None

    def start(self) -> DockerServer:
        """Start the container and wait until the server answers.

        Raises
        ------
        ServerStartError
            It does not answer in time.
        """
        from testcontainers.core.container import DockerContainer

        container = (
            DockerContainer(IMAGE)
            .with_exposed_ports(7687, 7474)
            .with_env("NEO4J_AUTH", f"{self.user}/{self.password}")
            .with_env("NEO4J_PLUGINS", '["apoc"]')
            .with_env("NEO4J_server_memory_heap_max__size", "1G")
            .with_env("NEO4J_server_memory_pagecache_size", "256M")
            .with_env("NEO4J_db_memory_transaction_max", "512M")
        )
        container.start()
        self._container = container
        host = container.get_container_host_ip()
        self.uri = f"bolt://{host}:{container.get_exposed_port(7687)}"
        self.http_url = f"http://{host}:{container.get_exposed_port(7474)}"
        deadline = time.monotonic() + _PATIENCE
        while not answers(self.http_url):
            if time.monotonic() > deadline:
                out, _ = container.get_logs()
                self.stop()
                raise ServerStartError(f"{IMAGE} does not answer:\n{out.decode()[-3000:]}")
            time.sleep(0.2)
        return self

    def stop(self) -> None:
        """Stop and remove the container; safe to call twice."""
        container, self._container = self._container, None
        if container is not None:
            container.stop()
