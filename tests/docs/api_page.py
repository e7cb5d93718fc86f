"""Writes docs/api.md from the docstrings: run me after changing one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
_RULE = re.compile(r"^-{3,}$")
_INTRO = """# Python

Made by `python tests/docs/api_page.py` from the docstrings.

After `import graphapi as cp`, the functions use the default connectome: the one given to
`cp.use(...)`, else `$CAVEGRAPH_URI`, else the graph in the user's data folder. The same names are
methods of `Connectome`. Every result records its datastack, version and source in `.attrs`. Ids
are whole numbers, digit strings, any collection of them, or `NeuronCriteria`; floats are refused.

```python
import graphapi as cp

with cp.Connectome.open("cavegraph-demo/demo_ant.lbug") as connectome:
    answer = connectome.get_connectivity(connectome.criteria(cell_class="EBc"), threshold=20)
print(len(answer), "connections of", answer.attrs["datastack"], "version", answer.attrs["version"])
```

```text
228 connections of demo_ant version 3
```
"""


def page() -> str:
    """Give the page's text."""
    import graphapi
    import loader
    from graphapi import plots
    from graphapi.motifs.analysis import MotifAnalysis

    things = {name: getattr(graphapi, name) for name in graphapi.__all__}
    things = {name: thing for name, thing in things.items() if callable(thing)}
    functions = {n: t for n, t in things.items() if not inspect.isclass(t)}
    classes = {n: t for n, t in things.items() if inspect.isclass(t)}
    known = {n for n in functions if n != "cypher_query"}
    own = {n: t for n, t in _methods(graphapi.Connectome).items() if n not in known}
    lines = [_INTRO]
    lines += _section("Functions of `graphapi`, and methods of `Connectome`", "", functions)
    lines += _section("More methods of `Connectome`", "", own)
    lines += _section("Motifs: `connectome.motifs`", "", _methods(MotifAnalysis))
    lines += _section("Classes of `graphapi`", "", classes)
    lines += _section(
        "Figures of frames: `graphapi.plots`",
        "plots.",
        {n: getattr(plots, n) for n in plots.__all__},
    )
    lines += _section(
        "Loading: `loader`", "loader.", {n: getattr(loader, n) for n in sorted(loader.__all__)}
    )
    return "\n".join(lines).rstrip() + "\n"


def _methods(kind: type) -> dict[str, Any]:
    found = {}
    for name, member in inspect.getmembers(kind):
        plain = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and callable(plain) and inspect.getdoc(plain):
            found[name] = plain
    return found


def _section(title: str, prefix: str, things: dict[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n"
    for name, thing in sorted(things.items(), key=lambda item: item[0].lower()):
        yield f"### `{prefix}{name}`\n"
        yield f"`{name}{_signature(thing)}`\n"
        yield from _written(inspect.getdoc(thing) or "")


def _signature(thing: Any) -> str:
    try:
        signature = inspect.signature(thing)
    except ValueError:
        return ""
    kept = [
        p.replace(annotation=inspect.Parameter.empty)
        for name, p in signature.parameters.items()
        if name != "self"
    ]
    text = str(signature.replace(parameters=kept, return_annotation=inspect.Signature.empty))
    return re.sub(r"<function (\w+) at 0x\w+>", r"\1", text)


def _written(doc: str) -> Iterator[str]:
    """Turn a numpy docstring into Markdown: its items become lists."""
    lines = doc.splitlines()
    inside = ""
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _RULE.match(line):
            continue
        if line and _RULE.match(following):
            inside = line
            yield f"**{line}**\n"
        elif inside in ("", "Examples", "Notes"):
            yield _escaped(line) if inside != "Examples" else f"    {line}".rstrip()
        elif line and not line.startswith(" "):
            yield f"- {_item(line)}" + (":" if following.startswith(" ") else "")
        else:
            yield f"  {_escaped(line.strip())}".rstrip()
    yield ""


def _item(line: str) -> str:
    return ", ".join(f"`{name.strip()}`" for name in line.split(", "))


def _escaped(line: str) -> str:
    """Keep what Markdown would take for emphasis or a tag outside code."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(p if p.startswith("`") else re.sub(r"([*_<])", r"\\\1", p) for p in parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
