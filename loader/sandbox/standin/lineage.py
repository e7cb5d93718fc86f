"""The edits of the segmentation: which roots became which.

Times are microseconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """One merge or split."""

    operation_id: int
    time: int
    kind: str
    old_roots: tuple[int, ...]
    new_roots: tuple[int, ...]


class Lineage:
    """The edits, by their new and old roots.

    Parameters
    ----------
    edits
        All edits, oldest first.
    """

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._edits: list[Edit] = []
        self._made_by: dict[int, Edit] = {}
        self._unmade_by: dict[int, Edit] = {}
        for edit in edits:
            self.add(edit)

    def add(self, edit: Edit) -> None:
        """Add an edit, newer than all others."""
        self._edits.append(edit)
        self._made_by.update(dict.fromkeys(edit.new_roots, edit))
        self._unmade_by.update(dict.fromkeys(edit.old_roots, edit))

    def spans(self) -> dict[int, tuple[int | None, int | None]]:
        """Return when edits started and ended each root; None if no edit did."""
        made = {root: edit.time for root, edit in self._made_by.items()}
        unmade = {root: edit.time for root, edit in self._unmade_by.items()}
        return {root: (made.get(root), unmade.get(root)) for root in sorted({*made, *unmade})}

    def ancestors(self, root_id: int, past: int) -> list[int]:
        """Return the roots at `past` that a root came from; the root itself if it is older."""
        return [node for node, edit in self._walk_back([root_id], past) if edit is None]

    def links(
        self, root_ids: list[int], past: int, future: int
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the ancestors and descendants of some roots, and the steps from old to new.

        Parameters
        ----------
        root_ids
            Roots to start from.
        past, future
            Use only edits after `past` and not after `future`.
        """
        nodes = dict.fromkeys(root_ids)
        steps: dict[tuple[int, int], None] = {}
        for node, edit in self._walk_back(root_ids, past):
            nodes[node] = None
            steps.update(dict.fromkeys((old, node) for old in (edit.old_roots if edit else ())))
        waiting, seen = list(root_ids), set(root_ids)
        while waiting:
            node = waiting.pop()
            edit = self._unmade_by.get(node)
            if edit is None or edit.time > future:
                continue
            for new in edit.new_roots:
                nodes[new] = None
                steps[node, new] = None
                if new not in seen:
                    seen.add(new)
                    waiting.append(new)
        return list(nodes), list(steps)

    def operation_of(self, root_id: int) -> Edit | None:
        """Return the edit that created a root."""
        return self._made_by.get(root_id)

    def operations(self, operation_ids: Iterable[int]) -> list[Edit]:
        """Return edits by their ids; unknown ids are left out."""
        wanted = set(operation_ids)
        return [edit for edit in self._edits if edit.operation_id in wanted]

    def edits_before(self, root_id: int) -> list[Edit]:
        """Return the edits that led to a root, oldest first."""
        found = {edit.operation_id: edit for _, edit in self._walk_back([root_id], 0) if edit}
        return sorted(found.values(), key=lambda edit: edit.time)

    def next_operation_id(self) -> int:
        """Return an id that no edit has."""
        return 1 + max((edit.operation_id for edit in self._edits), default=0)

    def _walk_back(self, root_ids: list[int], past: int) -> Iterator[tuple[int, Edit | None]]:
        """Yield each ancestor with the edit that created it, or None where the walk ends."""
        waiting, seen = list(root_ids), set(root_ids)
        while waiting:
            node = waiting.pop()
            edit = self._made_by.get(node)
            if edit is None or edit.time <= past:
                yield node, None
                continue
            yield node, edit
            waiting += [old for old in edit.old_roots if old not in seen]
            seen.update(edit.old_roots)


def read_edits(path: Path) -> list[Edit]:
    """Read `edits.parquet`, oldest edit first."""
    table = pq.read_table(path)
    times = table["timestamp"].cast(pa.timestamp("us", tz="UTC"), safe=False).cast(pa.int64())
    edits = [
        Edit(row["operation_id"], time, row["kind"], (*row["old_roots"],), (*row["new_roots"],))
        for row, time in zip(table.to_pylist(), times.to_pylist(), strict=True)
    ]
    return sorted(edits, key=lambda edit: edit.time)
