"""A Neo4j server for developers: ``python -m tests.neo4j_server start|status|stop``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .maven import MavenUnavailableError, assemble, cache_folder
from .process import LocalServer, ServerStartError, answers, stop_pid


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when the server is (start, status) up or (stop) down."""
    parser = argparse.ArgumentParser(prog="python -m tests.neo4j_server", description=__doc__)
    parser.add_argument("command", choices=["start", "status", "stop"])
    parser.add_argument("--home", type=Path, default=cache_folder() / "dev", help="its folder")
    parser.add_argument("--bolt-port", type=int, default=0, help="default: a free one")
    parser.add_argument("--http-port", type=int, default=0, help="default: a free one")
    parser.add_argument("--heap", default="2g", help="Java heap (default: %(default)s)")
    parser.add_argument("--page-cache", default="1g", help="page cache (default: %(default)s)")
    asked = parser.parse_args(argv)
    home = asked.home.absolute()
    if asked.command == "start":
        return _start(asked, home)
    if asked.command == "stop":
        return _stop(home)
    return _status(home)


def _start(asked: argparse.Namespace, home: Path) -> int:
    if (state := _state(home)) and answers(str(state["http_url"])):
        return _status(home)
    try:
        server = LocalServer(
            assemble(),
            home,
            bolt_port=asked.bolt_port,
            http_port=asked.http_port,
            heap=asked.heap,
            page_cache=asked.page_cache,
            detached=True,
        )
        server.start()
    except (MavenUnavailableError, ServerStartError) as error:
        print(error, file=sys.stderr)
        return 1
    return _status(home)


def _status(home: Path) -> int:
    state = _state(home)
    if not state or not answers(str(state["http_url"])):
        print(f"not running: {home}")
        return 1
    print(f"# running in {home}; Neo4j Browser: {state['http_url']}/browser/")
    for name in ("uri", "user", "password"):
        print(f"export CAVEGRAPH_TEST_NEO4J_{name.upper()}={state[name]}")
    return 0


def _stop(home: Path) -> int:
    state = _state(home)
    stopped = bool(state) and stop_pid(int(str(state["pid"])), home)
    print("stopped" if stopped else f"not running: {home}")
    return 0


def _state(home: Path) -> dict[str, object]:
    path = home / "server.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
