"""Finds the tutorial's code in its own text.

The text has lost its indentation; which lines were indented, and where code blocks begin
and end, is noted here by line number, so that the code that runs is the document's own.
"""

from __future__ import annotations

from pathlib import Path

TUTORIAL = Path(__file__).resolve().parents[3] / "shared" / "reference" / "tutorial.txt"

#: First and last line of every code block, counted from 1.
BLOCKS = {
    "imports": (3, 14),
    "client": (19, 28),
    "synapses": (41, 52),
    "sizes": (73, 73),
    "histogram": (81, 92),
    "em": (96, 108),
    "inputs": (124, 131),
    "inputs_heatmap": (135, 151),
    "central_complex": (158, 162),
    "cx_adjacency": (174, 174),
    "cx_heatmap": (176, 230),
    "scene": (233, 245),
    "downstream": (257, 260),
    "classes": (278, 284),
    "class_bars": (300, 316),
    "counts": (322, 328),
    "count_bars": (335, 345),
}
_ONCE = [(23, 25), (27, 28), (49, 49), (101, 106), (184, 185), (187, 187), (192, 192)]
_ONCE += [(198, 200), (205, 206), (209, 210), (215, 217), (221, 221), (224, 224), (302, 303)]
_ONCE += [(337, 342)]
_TWICE = [(186, 186)]


def code_of(name: str) -> str:
    """Give a block's code, importing graphapi in place of CRANTpy and changed nowhere else."""
    lines = TUTORIAL.read_text("utf-8").splitlines()
    first, last = BLOCKS[name]
    code = []
    for number in range(first, last + 1):
        text = lines[number - 1].replace("import crantpy as cp", "import graphapi as cp")
        code.append(" " * 4 * _depth(number) + text)
    return "\n".join(code) + "\n"


def _depth(number: int) -> int:
    if any(a <= number <= b for a, b in _TWICE):
        return 2
    return 1 if any(a <= number <= b for a, b in _ONCE) else 0
