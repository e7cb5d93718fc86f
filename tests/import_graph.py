"""Who imports whom, read from source files; deferred and type-checking imports count."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

#: By module's dotted name: the modules it imports, of those that are there.
Graph = dict[str, set[str]]


def name_of(path: Path, root: Path) -> str:
    """Dotted name of a module; a package is its `__init__`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_imports(root: Path, packages: Sequence[str]) -> Graph:
    """Read every import statement below some packages, wherever in a module it stands."""
    paths = [path for package in packages for path in sorted((root / package).rglob("*.py"))]
    trees = {name_of(path, root): ast.parse(path.read_text("utf-8")) for path in paths}
    return {
        name: {found for found in _imported(tree, set(trees)) if found != name}
        for name, tree in trees.items()
    }


def _imported(tree: ast.Module, known: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in known or node.module in known:
                    yield inner if inner in known else node.module


def find_circle(graph: Graph) -> list[str]:
    """Return modules each of which imports the next, and the last the first; else nothing."""
    done: set[str] = set()
    for start in sorted(graph):
        path = [start]
        while path:
            following = next((one for one in sorted(graph[path[-1]]) if one not in done), None)
            if following is None or path[-1] in done:
                done.add(path.pop())
            elif following in path:
                return path[path.index(following) :]
            else:
                path.append(following)
    return []


def layer_of(name: str, layers: Sequence[str]) -> int:
    """Find the layer a module is in: the longest name that is the module's or its room's."""
    fits = [one for one in layers if name == one or ("." in one and name.startswith(f"{one}."))]
    if not fits:
        raise LookupError(f"{name} is in no layer: put its room into LAYERS")
    return layers.index(max(fits, key=len))


def find_upward(graph: Graph, layers: Sequence[str]) -> list[str]:
    """List the imports that run from a lower layer to a higher one."""
    return [
        f"{name} -> {used}"
        for name in sorted(graph)
        for used in sorted(graph[name])
        if layer_of(name, layers) < layer_of(used, layers)
    ]
