"""Nothing is sent but through the one adapter: no other module opens a connection for HTTP."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SENDERS = {"urllib.request", "http.client", "httpx", "aiohttp", "urllib3"}
_CALLS = {"get", "post", "put", "patch", "head", "delete", "request", "Session", "session"}
_SENT = {f"requests.{name}" for name in _CALLS}
#: The adapter itself; the stand-in, which waits for its own server on loopback; and what puts
#: large public files on disk, piece by piece, and never holds a token.
_ALLOWED = {
    "graphapi/common/http.py",
    "loader/sandbox/standin/server.py",
    "loader/sources/addresses.py",
}


def ways_out(tree: ast.AST) -> list[str]:
    """Return what in a module could send a request by itself."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name in _SENDERS]
        elif isinstance(node, ast.ImportFrom):
            of_requests = node.module == "requests" and {one.name for one in node.names} & _CALLS
            if node.module in _SENDERS or of_requests or node.module == "requests.adapters":
                found.append(str(node.module))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in _SENT:
            found.append(ast.unparse(node.func))
    return found


def test_only_the_adapter_sends() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): ways
        for folder in ("graphapi", "loader", "cypher")
        for path in (ROOT / folder).rglob("*.py")
        if (ways := ways_out(ast.parse(path.read_text("utf-8"))))
    }
    assert set(found) <= _ALLOWED, found
    files = (ROOT / "loader/sources/addresses.py").read_text("utf-8")
    assert "token" not in files
    assert "Authorization" not in files
    assert "graphapi/common/http.py" in found


@pytest.mark.parametrize(
    "planted",
    [
        "import requests\nrequests.get('x')",
        "import requests\nwith requests.Session() as s: pass",
        "from requests import post",
        "import urllib.request",
        "from urllib3 import PoolManager",
        "from requests.adapters import HTTPAdapter",
    ],
)
def test_the_test_sees_a_planted_way_out(planted: str) -> None:
    assert ways_out(ast.parse(planted))
