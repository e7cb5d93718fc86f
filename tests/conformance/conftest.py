"""One suite, every engine: graphs put in by each database's own driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import direct
import pytest
from toy import ANNOTATIONS, ROWS

import graphapi

if TYPE_CHECKING:
    from pathlib import Path

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
    folder: Path = tmp_path_factory.mktemp("graphs")

    @contextmanager
    def maker(
        rows: pd.DataFrame, annotations: list[dict[str, Any]] | None = None
    ) -> Iterator[graphapi.Connectome]:
        content = direct.contents(rows, annotations or [])
        if server is not None:
            direct.into_neo4j(server.uri, server.user, server.password, content)
            opened = graphapi.Connectome.open(
                server.uri, user=server.user, password=server.password
            )
        else:
            path = folder / f"{uuid4().hex}.lbug"
            direct.into_ladybug(path, content)
            opened = graphapi.Connectome.open(path)
        with opened:
            yield opened

    return maker


@pytest.fixture
def toy(put: GraphMaker) -> Iterator[graphapi.Connectome]:
    """The hand-drawn graph of `toy.py`."""
    with put(ROWS, ANNOTATIONS) as connectome:
        yield connectome
