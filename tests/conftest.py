"""Fixtures that every test may use."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from neo4j_server import GivenServerError, Neo4jServer, NoServerError, obtain
from support.once import made_once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_NEO4J = "Neo4j tests not run"
#: Skips that the end of a run tells of, and what to do about them.
_LOUD = {
    _NO_NEO4J: "Install Docker, or Maven and a JDK >= 17, or set CAVEGRAPH_TEST_NEO4J_URI.",
    "Neo4j Browser tests not run": "Install Chromium and its driver (chromium, chromium-driver).",
}


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4jServer]:
    """A real Neo4j server of this test process; tests that use it are marked `neo4j`.

    Skips where there is none to be had, and fails in its place where `CI=true`.
    """
    try:
        with obtain() as server:
            yield server
    except NoServerError as error:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"CI must run the Neo4j tests: {error}", pytrace=False)
        pytest.skip(f"{_NO_NEO4J}: {error}")
    except GivenServerError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what tests load out of this user's own data folder, with its list of sound files."""
    folder = tmp_path_factory.mktemp("data-home")
    before = os.environ.get("XDG_DATA_HOME")
    os.environ["XDG_DATA_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["XDG_DATA_HOME"]
    else:
        os.environ["XDG_DATA_HOME"] = before


@pytest.fixture(scope="session", autouse=True)
def short_pauses() -> Iterator[None]:
    """Pause a twentieth as long between the tries of a question to CAVE, and as often."""
    from graphapi.cave.connection import Cave

    with pytest.MonkeyPatch.context() as patch:
        shorter = lambda seconds: time.sleep(seconds / 20)  # noqa: E731
        patch.setitem(Cave.connect.__kwdefaults__, "pause", shorter)
        yield


@pytest.fixture(scope="session")
def demo_datastack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic demo's files, which the stand-in server serves; tests only read them."""
    from loader.sandbox.demo import make_demo

    return made_once(tmp_path_factory, "demo", lambda folder: make_demo(folder, progress=False))


@pytest.fixture(scope="session")
def demo_graph(demo_datastack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as a graph file; the server it came from has gone, so open it with another."""
    from graphapi.graph.soundfiles import remember
    from loader import CaveSource, load
    from loader.sandbox.standin import serve

    def make(folder: Path) -> None:
        with serve(demo_datastack, token=token) as server:
            tables = [demo_datastack / "annotations.parquet"]
            source = CaveSource("demo_ant", server=server.url, token=token, annotations=tables)
            load(source, folder / "ant.lbug", progress=False)

    token = "0123456789abcdef0123456789abcdef"
    place = made_once(tmp_path_factory, "demo-graph", make) / "ant.lbug"
    remember(place)  # its load verified it, maybe in another worker
    return place


@pytest.fixture(autouse=True)
def figures_closed() -> Iterator[None]:
    """Close every figure after its test: matplotlib warns where twenty are open."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, also where a shell or `nohup` has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse several workers on one given server; set what tests find in the environment."""
    os.environ["CAVEGRAPH_MATRIX_CACHE"] = "0"  # the user's cache is not for graphs of tests
    os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and a table fits what it says
    spread = config.getoption("dist", "no") not in ("no", "loadgroup")
    if spread and os.environ.get("CAVEGRAPH_TEST_NEO4J_URI"):
        raise pytest.UsageError(
            "tests of several workers would delete each other's graph on the given server: "
            "add --dist loadgroup, as tests/run does"
        )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that use the server, and keep them on one worker: they share one graph."""
    for item in items:
        if " at 0x" in item.nodeid:  # pytest-xdist stops: each worker has another name for it
            raise pytest.UsageError(f"{item.nodeid}: an address in memory names a test")
        given = getattr(getattr(item, "callspec", None), "params", {})
        if any(
            isinstance(one, (set, frozenset)) and str(one) in item.name for one in given.values()
        ):
            raise pytest.UsageError(f"{item.nodeid}: a set, whose order changes, names a test")
        if "neo4j_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.neo4j)
        if item.get_closest_marker("neo4j"):
            item.add_marker(pytest.mark.xdist_group("neo4j"))


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> None:
    """Refuse the server to tests that would start a second one on another worker."""
    if fixturedef.argname == "neo4j_server":
        test = request._pyfuncitem
        if not test.get_closest_marker("neo4j"):
            pytest.fail(f"{test.nodeid} uses Neo4j and is not marked neo4j", pytrace=False)
        if getattr(request.config.option, "loadgroup", False) and "@neo4j" not in test.nodeid:
            pytest.fail("pytest-xdist does not keep Neo4j tests on one worker", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that Neo4j tests were skipped."""
    skipped = terminalreporter.stats.get("skipped", [])
    for what, remedy in _LOUD.items():
        missed = [report for report in skipped if what in str(report.longrepr)]
        if missed:
            terminalreporter.write_sep("!", f"{len(missed)} {what.upper()}", red=True, bold=True)
            terminalreporter.write_line(remedy, red=True)
