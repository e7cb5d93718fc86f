"""The queries that a person pastes into Neo4j Browser: `cypher/explore/` and `cypher/motifs/`."""

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


@dataclass(frozen=True)
class SavedQuery:
    """One saved query as a person pastes it.

    Parameters
    ----------
    name
        The file's name without its ending.
    folder
        `explore` or `motifs`.
    summary
        What it shows, in a sentence.
    change
        What may be changed in it, and how.
    text
        Name and summary as comments, what may be changed, and the query: complete, without
        parameters to be set before.
    """

    name: str
    folder: str
    summary: str
    change: str
    text: str

    @property
    def is_picture(self) -> bool:
        """Whether it answers with nodes and relationships, not with rows of values."""
        return self.summary.startswith("Picture: ")

    @property
    def title(self) -> str:
        """What Browser calls it: its first line."""
        return self.name.replace("_", " ")


def saved_queries() -> list[SavedQuery]:
    """Give the queries of `cypher/explore/` and then `cypher/motifs/`, each in order of names."""
    return [*_explore(), *_motifs()]


def _explore() -> Iterator[SavedQuery]:
    for name, source in _sources("explore"):
        notes = [line for line in source.splitlines() if _is_note(line)]
        kept = [line for line in source.splitlines() if not _HEADER.match(line)]
        yield _saved(name, "explore", _change(notes), "\n".join(kept))


def _motifs() -> Iterator[SavedQuery]:
    """Give a motif's file with its parameter as a first line, and its rows in order."""
    for name, source in _sources("motifs"):
        query = catalog()[name]
        found = _THRESHOLD.search(source)
        if [item.name for item in query.params] != ["threshold"] or not found:
            raise ValueError(f"cypher/motifs/{name}.cypher: names no threshold to begin with")
        change = (
            "Change in the first line: threshold -- smallest weight of each connection. "
            f"{_MOST_MATCHES} -- the most matches that are shown."
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
    """Give the words from `Change` or `Nothing to change` on."""
    words = " ".join(" ".join(line.removeprefix("//") for line in notes).split())
    found = _CHANGE.search(words)
    if found is None:
        raise ValueError(f"a saved query does not say what may be changed: {words}")
    return found[1]
