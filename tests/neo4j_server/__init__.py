"""A real Neo4j for tests, benchmarks and developers: given, in Docker, or assembled here.

In tests use the fixture `neo4j_server` of `tests/conftest.py`; in a shell
``python -m tests.neo4j_server start``.
"""

from __future__ import annotations

from .maven import Distribution, MavenUnavailableError, assemble, maven_obstacle
from .process import LocalServer, ServerStartError, admin_command
from .ways import GivenServerError, Neo4jServer, NoServerError, obtain

__all__ = [
    "Distribution",
    "GivenServerError",
    "LocalServer",
    "MavenUnavailableError",
    "Neo4jServer",
    "NoServerError",
    "ServerStartError",
    "admin_command",
    "assemble",
    "maven_obstacle",
    "obtain",
]
