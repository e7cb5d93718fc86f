"""Writes the answers in docs/assistants.md, on a fresh demo: run me after changing a tool."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

from examples import GRAPH, demo_in

import graphapi
from graphapi.serve.assistants.protocol import Assistants
from graphapi.serve.desk import Desk
from graphapi.serve.settings import Settings
from support.assistant import connected

PAGE = Path(__file__).resolve().parents[2] / "docs" / "assistants.md"
_TURN = re.compile(r"^```json call\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)


def answered(graph: Path) -> str:
    """Give the page's text with each call as it is answered now."""
    with graphapi.Connectome.open(graph) as brain:
        desk = Desk(brain, Settings())
        try:
            with connected(Assistants(desk).server) as assistant:

                def answer(turn: re.Match[str]) -> str:
                    call = json.loads(turn[1])
                    said = assistant.call(call["tool"], **call["arguments"]).text
                    said = re.sub(r"load \w{8,}", "load …", said)
                    return f"```json call\n{turn[1]}```\n\n```text\n{said}\n```"

                return _TURN.sub(answer, PAGE.read_text("utf-8"))
        finally:
            desk.close()


def main() -> None:
    """Write the page."""
    os.environ["CAVEGRAPH_PROGRESS"] = "0"
    with tempfile.TemporaryDirectory() as folder, demo_in(Path(folder)) as place:
        PAGE.write_text(answered(place / GRAPH), "utf-8")


if __name__ == "__main__":
    main()
