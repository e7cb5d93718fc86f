"""Query plans: what a database does to answer a query, step by step."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BORDER = re.compile(r"[┌][─┴┬]*[┐]")
_NAME = re.compile(r"^([A-Z_]+)\[\d+\]$")
_ROWS = re.compile(r"^NumOutputTuples: (\d+)$")


@dataclass(frozen=True)
class Step:
    """One step of a plan.

    Parameters
    ----------
    operator
        The database's name of the step, such as `NodeUniqueIndexSeek`.
    rows
        Rows it returned; None if the query was only planned.
    about
        What it works on, in the database's words; may be empty.
    """

    operator: str
    rows: int | None = None
    about: str = ""

    def __str__(self) -> str:
        rows = "" if self.rows is None else f", {self.rows:,} rows"
        about = f" ({self.about})" if self.about else ""
        return f"{self.operator}{about}{rows}"


def steps_of_tree(plan: Mapping[str, Any]) -> tuple[Step, ...]:
    """Read the plan or profile that Neo4j's driver returns as nested maps."""
    return tuple(_walk(plan))


def steps_of_drawing(text: str, *, profile: bool) -> tuple[Step, ...]:
    """Read the plan or profile that LadybugDB draws, as boxes side by side.

    Each box has the operator on its first line, what it works on below, and then its
    numbers, separated by lines of dashes.
    """
    boxes = [box for box in _boxes(text) if box.lines and _NAME.match(box.lines[0])]
    steps = tuple(box.step() for box in boxes)
    # a plan that was not run is drawn with 0 rows everywhere
    return steps if profile else tuple(replace(step, rows=None) for step in steps)


def _walk(plan: Mapping[str, Any]) -> Iterator[Step]:
    arguments = plan.get("args", {})
    operator = str(plan["operatorType"]).split("@", maxsplit=1)[0]
    rows = plan.get("rows")
    yield Step(
        operator, None if rows is None else int(rows), str(arguments.get("Details", "")).strip()
    )
    for child in plan.get("children", ()):
        yield from _walk(child)


@dataclass
class _Box:
    left: int
    right: int
    lines: list[str] = field(default_factory=list)

    def step(self) -> Step:
        name, *rest = self.lines
        rows = [match[1] for line in rest if (match := _ROWS.match(line))]
        about = []
        for line in rest:
            if _ROWS.match(line):
                break
            about.append(line)
        operator = name.split("[", maxsplit=1)[0]
        return Step(operator, int(rows[0]) if rows else None, ", ".join(about))


def _boxes(text: str) -> list[_Box]:
    found: list[_Box] = []
    open_boxes: list[_Box] = []
    for line in text.splitlines():
        still_open = []
        for box in open_boxes:
            if line[box.left : box.left + 1] != "│":
                continue  # its lower border
            inside = line[box.left + 1 : box.right].strip()
            if inside and set(inside) != {"-"}:
                box.lines.append(inside)
            still_open.append(box)
        open_boxes = still_open
        for border in _BORDER.finditer(line):
            box = _Box(border.start(), border.end() - 1)
            found.append(box)
            open_boxes.append(box)
    return found
