"""The saved queries, for people to run and change: `cypher/explore/` and `cypher/motifs/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from graphapi.engines.queries import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphapi.engines.queries import Query

_HEADER = re.compile(r"^// (name|summary|mode|engine|column|order|param)\b")
_CHANGE = re.compile(r"(?:^|\. )((?:Change\b|Nothing to change).*)")
_THRESHOLD = re.compile(r"threshold => (\d+)")
_MOST_MATCHES = 200
_NEO4J_ONLY = "\n// engine: neo4j\n"


@dataclass(frozen=True)
class SavedQuery:
    """One saved query, ready to paste.

    Parameters
    ----------
    name
        The file's name without its extension.
    folder
        `explore` or `motifs`.
    summary
        What it shows, in one sentence.
    change
        What you can change in it, and how.
    text
        The complete query, with name, summary and `change` as comments. It has no parameters
        to set first.
    """

    name: str
    folder: str
    summary: str
    change: str
    text: str

    @property
    def title(self) -> str:
        """Return its name in Browser, which is its first line."""
        return self.name.replace("_", " ")


def saved_queries() -> list[SavedQuery]:
    """Return the queries of `cypher/explore/`, then `cypher/motifs/`, each sorted by name."""
    return [*_explore(), *_motifs()]


def runs_on(query: SavedQuery, engine: str) -> bool:
    """Return whether a saved query runs on an engine, `neo4j` or `ladybug`."""
    file = files("cypher").joinpath(query.folder, f"{query.name}.cypher")
    return engine == "neo4j" or _NEO4J_ONLY not in file.read_text(encoding="utf-8")


def text_for(query: SavedQuery, engine: str) -> str:
    """Return the text of a saved query in the dialect of an engine on which it runs."""
    if engine not in catalog()[query.name].overrides:
        return query.text
    body = catalog()[query.name].text_for(engine)
    notes = "".join(f"{line}\n" for line in query.text.splitlines() if line.startswith("//"))
    return f"{notes}\n{body}"


def _explore() -> Iterator[SavedQuery]:
    for name, source in _sources("explore"):
        notes = [line for line in source.splitlines() if _is_note(line)]
        kept = [line for line in source.splitlines() if not _HEADER.match(line)]
        yield _saved(name, "explore", _change(notes), "\n".join(kept))


def _motifs() -> Iterator[SavedQuery]:
    """Yield the motif queries, with the threshold in the first line and sorted rows."""
    for name, source in _sources("motifs"):
        query = catalog()[name]
        found = _THRESHOLD.search(source)
        if [item.name for item in query.params] != ["threshold"] or not found:
            raise ValueError(f"cypher/motifs/{name}.cypher: has no default threshold")
        change = (
            "Change in the first line: threshold -- smallest weight of each connection. "
            f"{_MOST_MATCHES} -- largest number of matches shown."
        )
        body = query.text.strip().replace("$threshold", "threshold")
        order = ", ".join(column for column, _ in query.order)
        text = f"WITH {found[1]} AS threshold\n{body}\nORDER BY {order}\nLIMIT {_MOST_MATCHES}"
        yield _saved(name, "motifs", change, f"// {change}\n\n{text}")


def _saved(name: str, folder: str, change: str, body: str) -> SavedQuery:
    query: Query = catalog()[name]
    title = name.replace("_", " ")
    text = f"// {title}\n// {query.summary}\n{body.strip()}\n"
    return SavedQuery(name, folder, query.summary, change, text)


def _sources(folder: str) -> Iterator[tuple[str, str]]:
    entries = files("cypher").joinpath(folder).iterdir()
    for entry in sorted(entries, key=lambda entry: entry.name):
        if entry.name.endswith(".cypher"):
            yield entry.name.removesuffix(".cypher"), entry.read_text(encoding="utf-8")


def _is_note(line: str) -> bool:
    return line.startswith("//") and not _HEADER.match(line)


def _change(notes: list[str]) -> str:
    """Return the text from `Change` or `Nothing to change` on."""
    words = " ".join(" ".join(line.removeprefix("//") for line in notes).split())
    found = _CHANGE.search(words)
    if found is None:
        raise ValueError(f"a saved query does not say what to change: {words}")
    return found[1]
