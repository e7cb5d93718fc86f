"""The arrows of the design, read from the source: who may import whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import graphapi

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("cypher", "graphapi", "loader")
#: Which of our packages each may import.
ALLOWED = {
    "cypher": {"cypher"},
    "graphapi": {"graphapi", "cypher"},
    "loader": {"loader", "graphapi", "cypher"},
}
#: The one module (or few lines of one package) that may import a foreign system.
HOMES = {
    "neo4j": ("graphapi/engines/neo4j",),
    "ladybug": ("graphapi/engines/ladybug",),
    "caveclient": ("graphapi/cave/client",),
    "cloudvolume": ("graphapi/imagery/volume",),
}
#: Never imported while `import graphapi` runs.
HEAVY = ("pandas", "pyarrow", "neo4j", "ladybug", "caveclient", "cloudvolume", "pyvista", "vtk")
HEAVY += ("matplotlib", "numba", "scipy", "networkx", "duckdb", "ibis", "starlette")
MOST_LINES = 450

SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = {name.split(".")[0] for name in imports(path)} & set(PACKAGES)
    assert ours <= ALLOWED[package]


@pytest.mark.parametrize("system", sorted(HOMES))
def test_foreign_systems_live_in_one_module(system: str) -> None:
    at = [name_of(p) for p in SOURCES if system in {n.split(".")[0] for n in imports(p)}]
    assert at
    assert [name for name in at if not name.startswith(HOMES[system])] == []


def practises(path: Path) -> bool:
    """Whether a module imports what only practises: the stand-in, the demo, synthetic brains."""
    return any(name.startswith("loader.sandbox") for name in imports(path))


def test_only_the_command_line_imports_the_sandbox(tmp_path: Path) -> None:
    users = [name_of(path) for path in SOURCES if practises(path)]
    assert [n for n in users if not n.startswith(("loader/sandbox/", "loader/cli/"))] == []
    (planted := tmp_path / "planted.py").write_text("from loader.sandbox.standin import serve\n")
    assert practises(planted)


def test_importing_the_api_loads_nothing_heavy() -> None:
    code = "import sys, graphapi; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_modules_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


def test_all_is_complete_and_true() -> None:
    assert sorted(set(graphapi.__all__)) == sorted(graphapi.__all__)
    for name in graphapi.__all__:
        assert getattr(graphapi, name) is not None


def test_every_public_name_says_what_it_is() -> None:
    undocumented = [
        name
        for name in graphapi.__all__
        if callable(getattr(graphapi, name)) and not (getattr(graphapi, name).__doc__ or "").strip()
    ]
    assert undocumented == []


def test_no_query_text_is_put_together_from_values() -> None:
    """Cypher keywords inside an f-string are how injections begin; there are none."""
    keyword = re.compile(r"\b(MATCH|UNWIND|MERGE|DETACH DELETE)\b")
    # these put together text from query files and patterns; values stay parameters there
    allowed = {"graphapi/motifs/compile", "graphapi/motifs/memory", "graphapi/engines/cyphertext"}
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and name_of(path) not in allowed:
                text = "".join(v.value for v in node.values if isinstance(v, ast.Constant))
                if keyword.search(text):
                    found.append(f"{name_of(path)}:{node.lineno}")
    assert found == []


def test_the_version_is_the_newest_of_the_changelog() -> None:
    declared = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert declared
    assert newest
    assert declared[1] == newest[1]
