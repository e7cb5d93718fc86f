"""Runs the tutorial notebook on the demo and writes it, with its outputs, to docs/tutorial.ipynb.

Usage: `python tests/docs/tutorial_notebook.py FOLDER`, FOLDER being what `cavegraph demo` made.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tutorial_cells import CELLS

from loader.sandbox.demo.run import TOKEN, Places, serve_demo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.ipynb"


def write(folder: Path) -> None:
    """Run the notebook against the demo in a folder, and write it."""
    cells = [
        nbformat.v4.new_markdown_cell(text) if kind == "text" else nbformat.v4.new_code_cell(text)
        for kind, text in CELLS
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    places = Places(folder.resolve())
    with serve_demo(places) as server:
        os.environ |= {
            "CAVEGRAPH_URI": str(places.graph),
            "CAVEGRAPH_SERVER": server.url,
            "CAVEGRAPH_TOKEN": TOKEN,
            "CAVEGRAPH_PROGRESS": "0",
        }
        NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    text = nbformat.writes(notebook)
    PAGE.write_text(text.replace(str(places.root), "cavegraph-demo") + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
