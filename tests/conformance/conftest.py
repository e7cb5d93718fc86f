"""One suite, every engine: graphs put in by each database's own driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import direct
import pytest
from toy import ANNOTATIONS, ROWS

import graphapi

if TYPE_CHECKING:
    import pandas as pd

GraphMaker = Callable[..., Any]


@pytest.fixture(
    scope="session",
    params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])],
)
def engine_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def put(
    engine_name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> GraphMaker:
    """Put rows and annotations into the engine: a context manager giving a Connectome."""
    server = request.getfixturevalue("neo4j_server") if engine_name == "neo4j" else None
    kept = direct.Kept(tmp_path_factory.mktemp("graphs"), server)

    @contextmanager
    def maker(
        rows: pd.DataFrame, annotations: list[dict[str, Any]] | None = None
    ) -> Iterator[graphapi.Connectome]:
        with kept.opened(direct.contents(rows, annotations or [])) as connectome:
            yield connectome

    return maker


@pytest.fixture
def toy(put: GraphMaker) -> Iterator[graphapi.Connectome]:
    """The hand-drawn graph of `toy.py`."""
    with put(ROWS, ANNOTATIONS) as connectome:
        yield connectome


@pytest.fixture
def opened_again(
    engine_name: str, request: pytest.FixtureRequest
) -> Callable[[graphapi.Connectome], tuple[graphapi.Connectome, list[str]]]:
    """Open a graph once more, as another process would; also the names of queries that it runs."""
    server = request.getfixturevalue("neo4j_server") if engine_name == "neo4j" else None
    login = {} if server is None else {"user": server.user, "password": server.password}

    def again(connectome: graphapi.Connectome) -> tuple[graphapi.Connectome, list[str]]:
        other = graphapi.Connectome.open(connectome.engine.uri, **login)
        request.addfinalizer(other.close)
        asked: list[str] = []
        run = other.engine.run_together

        def noted(queries, **options):
            asked.extend(query.name for query, _ in queries)
            return run(queries, **options)

        other.engine.run_together = noted
        return other, asked

    return again
