"""The arrows of the design, read from the source: who may import whom, and who may ask whom."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import graphapi
import graphapi.graph.conditions
from import_graph import find_circle, find_upward, read_imports

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
    "mcp": ("graphapi/serve/assistants/protocol",),
}
#: Never imported while `import graphapi` runs.
HEAVY = ("pandas", "pyarrow", "neo4j", "ladybug", "caveclient", "cloudvolume", "pyvista", "vtk")
HEAVY += ("matplotlib", "numba", "scipy", "networkx", "duckdb", "ibis", "starlette", "mcp")
MOST_LINES = 450
#: The rooms, lowest first: each may import from those before it, never from those after. A
#: package's own name is its `__init__` alone; modules within a room may import each other.
LAYERS = [
    "cypher",
    "graphapi.errors",
    "graphapi.ids",
    "graphapi.common",
    "graphapi.engines",
    "graphapi.cave",
    "graphapi.imagery",
    "graphapi.graph",  # the door, and what needs no CAVE
    "graphapi.graph.fallback",
    "graphapi.graph.reader",
    "graphapi.network",
    "graphapi.motifs",
    "graphapi.plots",
    "graphapi.netreport",
    "graphapi.ask",
    "graphapi.connectome",
    "graphapi.functions",
    "graphapi",
    "graphapi.serve",
    "loader.work",
    "loader.stages",
    "loader.checks",
    "loader.sources",
    "loader.writers",
    "loader.spark",
    "loader.report",
    "loader.pipeline",
    "loader.browser",
    "loader",
    "loader.sandbox",
    "loader.cli",
]
#: In graphapi, outside the engines themselves, these alone send a query to one.
DOORS = {"graphapi/graph/door", "graphapi/graph/materialization"}
#: What may touch only the sandbox: it practises, it does not load.
SANDBOX_USERS = ("loader.sandbox", "loader.cli")

#: Small mechanisms, and the modules (or packages) that use them directly; all others call these.
ONE_HOME = {
    "renames a file": ("graphapi/common/files",),
    "sends a request": ("graphapi/common/http",),
    "counts cores": ("graphapi/common/threads",),
    "measures the machine's memory": ("graphapi/common/memory",),
    # an engine's query is waited for in short steps; the server answers requests
    "makes a pool of threads": (
        "graphapi/common/threads",
        "graphapi/engines/interrupts",
        "graphapi/serve/",
    ),
}
#: Who in graphapi may know CAVE; the second stores a token. `graph.reader` alone asks the first.
CAVE_USERS = {"graphapi.graph.fallback", "graphapi.functions"}

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


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert " -> ".join(find_circle(read_imports(ROOT, PACKAGES))) == ""


def test_no_import_runs_from_a_lower_layer_up() -> None:
    assert find_upward(read_imports(ROOT, PACKAGES), LAYERS) == []


def asks_an_engine(tree: ast.Module) -> bool:
    """Whether a module calls `run`, `run_together` or `run_text` of something named engine."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("run", "run_together", "run_text")
        and re.search(r"(^|[._])engine$", ast.unparse(node.value))
        for node in ast.walk(tree)
    )


def past_the_door(root: Path) -> list[str]:
    """List the modules of graphapi that ask an engine, or hold one, and are not the door."""
    found = []
    for path in sorted((root / "graphapi").rglob("*.py")):
        name = path.relative_to(root).with_suffix("").as_posix()
        if name in DOORS or name.startswith("graphapi/engines/"):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        holds = "graphapi.engines.base" in imports(path) and name != "graphapi/graph/reader"
        if holds or asks_an_engine(tree):
            found.append(name)
    return found


def test_the_graph_is_read_through_one_door() -> None:
    assert past_the_door(ROOT) == []


def mechanisms(tree: ast.Module) -> set[str]:
    """Name the mechanisms of `ONE_HOME` that a module uses directly."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and "HTTPAdapter" in map(ast.unparse, node.bases):
            found.add("sends a request")
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        only = node.args[0] if len(node.args) == 1 and not node.keywords else None
        # texts are replaced with two arguments, columns renamed by keyword or to a constant
        if name in ("replace", "rename") and only and not isinstance(only, ast.Constant):
            found.add("renames a file")
        if ast.unparse(node.func) in ("os.replace", "os.rename", "shutil.move"):
            found.add("renames a file")
        if ast.unparse(node.func) in ("requests.Session", "requests.get", "urlopen"):
            found.add("sends a request")
        if name in ("sched_getaffinity", "cpu_count"):
            found.add("counts cores")
        if name == "sysconf" and "SC_PHYS_PAGES" in ast.unparse(node):
            found.add("measures the machine's memory")
        if name == "ThreadPoolExecutor":
            found.add("makes a pool of threads")
    return found


@pytest.mark.parametrize("what", sorted(ONE_HOME))
def test_each_small_mechanism_has_one_home(what: str) -> None:
    at = [name_of(p) for p in SOURCES if what in mechanisms(ast.parse(p.read_text("utf-8")))]
    assert at
    assert [name for name in at if not name.startswith(ONE_HOME[what])] == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("draft.rename(target)", "renames a file"),
        ("os.replace(draft, target)", "renames a file"),
        ("requests.Session()", "sends a request"),
        ("class Mine(HTTPAdapter): ...", "sends a request"),
        ("os.cpu_count()", "counts cores"),
        ("os.sysconf('SC_PHYS_PAGES')", "measures the machine's memory"),
        ("ThreadPoolExecutor(4)", "makes a pool of threads"),
        ("'a'.replace('b', 'c'); frame.rename(columns=str); series.rename('n')", None),
    ],
)
def test_a_planted_mechanism_is_named(text: str, what: str | None) -> None:
    assert mechanisms(ast.parse(text)) == ({what} if what else set())


def cave_users(root: Path) -> list[str]:
    """List the modules of graphapi that know CAVE, or ask it, and may not."""
    return sorted(
        name
        for name, used in read_imports(root, PACKAGES).items()
        if name.startswith("graphapi.") and not name.startswith("graphapi.cave")
        if (name not in CAVE_USERS and any(one.startswith("graphapi.cave") for one in used))
        or (name != "graphapi.graph.reader" and "graphapi.graph.fallback" in used)
    )


def test_one_module_decides_between_graph_and_cave() -> None:
    assert cave_users(ROOT) == []


def test_a_planted_way_to_cave_is_named(tmp_path: Path) -> None:
    root = planted(
        tmp_path,
        graphapi__cave__connection="",
        graphapi__graph__fallback="from graphapi.cave.connection import Cave",
        graphapi__graph__reader="from graphapi.graph.fallback import CaveAccess",
        graphapi__ask__paths="def later():\n    from graphapi.graph.fallback import CaveAccess",
        graphapi__ask__types="from graphapi.cave.connection import Cave",
    )
    assert cave_users(root) == ["graphapi.ask.paths", "graphapi.ask.types"]


def test_a_question_is_answered_where_it_is_documented() -> None:
    """Docstrings do not send the reader to `Connectome`: the topic's file says it all."""
    found = [
        name_of(p) for p in SOURCES if re.search(r"[Ss]ee `Connectome\.", p.read_text("utf-8"))
    ]
    assert found == []


def sandbox_users(root: Path) -> list[str]:
    """List the modules that import the sandbox and may not."""
    return [
        name
        for name, used in read_imports(root, PACKAGES).items()
        if not name.startswith(SANDBOX_USERS)
        and any(one.startswith("loader.sandbox") for one in used)
    ]


def test_the_sandbox_is_used_by_the_command_line_alone() -> None:
    assert sandbox_users(ROOT) == []


def planted(tmp_path: Path, **modules: str) -> Path:
    """Write a small tree: dots of module names are double underscores."""
    for name, text in modules.items():
        path = tmp_path.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "back",
    [
        "from graphapi.ids import parse",
        "import graphapi.ids",
        "from graphapi import ids",
        "def later():\n    from graphapi.ids import parse",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import graphapi.ids",
    ],
)
def test_a_planted_circle_is_named(tmp_path: Path, back: str) -> None:
    root = planted(
        tmp_path,
        graphapi__ids="from graphapi.common.text import shown",
        graphapi__common__text="from graphapi.errors import MyError",
        graphapi__errors=back,
        graphapi__alone="import graphapi.ids",
    )
    assert find_circle(read_imports(root, ["graphapi"])) == [
        "graphapi.ids",
        "graphapi.common.text",
        "graphapi.errors",
    ]


def test_a_planted_import_up_is_named(tmp_path: Path) -> None:
    root = planted(
        tmp_path,
        graphapi__graph__door="def later():\n    from graphapi.graph.reader import Reader",
        graphapi__graph__reader="import graphapi.errors",
        graphapi__errors="",
        loader__work__steps="from loader.pipeline import load",
        loader__pipeline="import graphapi.graph.reader",
    )
    assert find_upward(read_imports(root, PACKAGES), LAYERS) == [
        "graphapi.graph.door -> graphapi.graph.reader",
        "loader.work.steps -> loader.pipeline",
    ]


def test_a_room_without_a_layer_is_refused(tmp_path: Path) -> None:
    root = planted(tmp_path, graphapi__attic__box="import graphapi.errors", graphapi__errors="")
    with pytest.raises(LookupError, match=r"graphapi\.attic\.box is in no layer"):
        find_upward(read_imports(root, PACKAGES), LAYERS)


def test_a_planted_way_past_the_door_is_named(tmp_path: Path) -> None:
    root = planted(
        tmp_path,
        graphapi__engines__base="class Engine: ...",
        graphapi__graph__door="answer = self.engine.run(query)",
        graphapi__motifs__a="answer = self._engine.run(query)",
        graphapi__motifs__b="answers = connectome.engine.run_together([])",
        graphapi__motifs__c="ask = engine.run_text",
        graphapi__motifs__d="from graphapi.engines.base import Engine",
        graphapi__motifs__e="answer = self._graph.run(query); name = connectome.engine.name",
    )
    assert past_the_door(root) == [f"graphapi/motifs/{one}" for one in "abcd"]


def test_a_planted_use_of_the_sandbox_is_named(tmp_path: Path) -> None:
    root = planted(
        tmp_path,
        loader__sandbox__demo="import loader.sandbox.brain",
        loader__sandbox__brain="",
        loader__cli__demo="from loader.sandbox.demo import run",
        loader__pipeline="def later():\n    import loader.sandbox.demo",
    )
    assert sandbox_users(root) == ["loader.pipeline"]


def test_importing_the_api_loads_nothing_heavy() -> None:
    code = "import sys, graphapi; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_modules_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


#: Public names of `Connectome` that have no function of that name, and why.
NO_FUNCTION = {
    "cave_source": "a part of an open graph",
    "check_unchanged": "asks about an open graph",
    "close": "a function would close what others use",
    "criteria": "NeuronCriteria is that on the default connectome",
    "cypher": "the function is cypher_query: 'cypher' is a package",
    "fields": "asks about an open graph",
    "image_source": "a part of an open graph",
    "is_served": "asks about an open graph",
    "motifs": "many questions of their own: default_connectome().motifs",
    "name": "asks about an open graph",
    "open": "`use` makes the one that is opened the default",
    "require_cave": "a part of an open graph",
    "root_ids": "asks about an open graph",
    "run": "for query files; cypher_query is for people",
    "run_together": "for query files; cypher_query is for people",
}

#: Warnings that stand beside what warns: `import graphapi` must not load that.
WARNINGS_ELSEWHERE = {
    "FewNullsWarning": "graphapi.network is loaded when it is asked",
    "MissingMeshWarning": "graphapi.imagery is loaded when it is asked",
    "TokenWarning": "graphapi.cave.trust is loaded when CAVE is asked",
}


def missing_names(face: object) -> list[str]:
    """List what a package binds and does not declare in `__all__`: no modules, nothing private."""
    bound = {name for name, value in vars(face).items() if not inspect.ismodule(value)}
    return sorted({name for name in bound if not name.startswith("_")} - set(face.__all__))


def missing_functions(connectome: type, functions: object) -> list[str]:
    """List public names of a class that are no functions of a module."""
    own = {name for name in dir(connectome) if not name.startswith("_")}
    return sorted(own - set(vars(functions)))


def test_all_is_complete_and_true() -> None:
    assert sorted(set(graphapi.__all__)) == sorted(graphapi.__all__)
    for name in graphapi.__all__:
        assert getattr(graphapi, name) is not None
    assert missing_names(graphapi) == []


def test_every_question_is_a_function_too() -> None:
    assert missing_functions(graphapi.Connectome, graphapi.functions) == sorted(NO_FUNCTION)


def test_every_function_is_public() -> None:
    made = {
        name
        for name, value in vars(graphapi.functions).items()
        if inspect.isfunction(value) and value.__module__.startswith("graphapi")
    }
    assert sorted(n for n in made - set(graphapi.__all__) if not n.startswith("_")) == []


def test_functions_take_what_the_methods_take() -> None:
    for name in set(dir(graphapi.Connectome)) & set(vars(graphapi.functions)):
        if name.startswith("_"):
            continue
        method = inspect.signature(getattr(graphapi.Connectome, name))
        function = inspect.signature(getattr(graphapi.functions, name))
        assert list(function.parameters.values()) == list(method.parameters.values())[1:], name


def test_every_condition_and_warning_is_public() -> None:
    """What a person writes or filters has to be at hand as `graphapi.X`."""
    needed = {
        name
        for name, value in vars(graphapi.graph.conditions).items()
        if inspect.isclass(value) and value.__module__ == "graphapi.graph.conditions"
    }
    for path in SOURCES:
        if name_of(path).startswith("graphapi/"):
            text = path.read_text("utf-8")
            needed |= set(re.findall(r"^class (\w+)\(\w*Warning\)", text, re.MULTILINE))
    assert sorted(needed - set(graphapi.__all__)) == sorted(WARNINGS_ELSEWHERE)


def test_a_name_that_is_left_out_is_named() -> None:
    face = SimpleNamespace(__all__=["asked"], asked=len, forgotten=len)

    class Thing:
        def asked(self) -> None: ...
        def lost(self) -> None: ...

    assert missing_names(face) == ["forgotten"]
    assert missing_functions(Thing, face) == ["lost"]


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
    allowed = {"graphapi/motifs/compile", "graphapi/motifs/memory", "graphapi/engines/neo4jrows"}
    # texts that the page shows, for people to copy: no engine gets them from the server
    allowed |= {"graphapi/serve/ascypher"}
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
