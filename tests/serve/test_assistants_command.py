"""`cavegraph mcp` itself: over standard input and output, and at an address."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mcp import StdioServerParameters
from test_assistants_limits import ASK

from loader.cli import main
from support.assistant import connected
from support.graphs import build_graph

ROWS = pd.DataFrame(
    [(1, 4, 5, "EB"), (1, 4, 2, "FB"), (2, 4, 3, "FB"), (3, 5, 4, "EB")],
    columns=["pre", "post", "weight", "region"],
)
#: The command, in a process where answering writes to standard output in every way.
NOISY = """
import os
from graphapi.serve.desk import Desk
from loader.cli import main

quiet = Desk.ask
def noisy(self, *given):
    print("printed", flush=True)
    os.write(1, b"written to the descriptor")
    os.system("echo from a program")
    return quiet(self, *given)
Desk.ask = noisy
main()
"""
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(sys.path), "CAVEGRAPH_PROGRESS": "1"}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    annotations = pd.DataFrame({"root_id": [1, 2, 3, 4, 5], "cell_type": list("AABBC")})
    return build_graph(tmp_path_factory.mktemp("mcp"), ROWS, annotations)


def test_standard_output_has_the_protocol_alone(graph: Path) -> None:
    """The client hears of any other line, whoever writes it."""
    command = StdioServerParameters(
        command=sys.executable, args=["-c", NOISY, "mcp", str(graph)], env=ENVIRONMENT
    )
    problems: list[object] = []

    async def heard(message: object) -> None:
        problems.append(message)

    with connected(command, message_handler=heard) as assistant:
        expected = ROWS.groupby("region")["weight"].sum().to_dict()
        found = assistant.ask("list_regions").records
        assert {row["region"]: row["synapses"] for row in found} == expected
        inside = ROWS[ROWS["region"] == "EB"].groupby(["pre", "post"])["weight"].sum()
        found = assistant.ask("get_partners", neurons="cell_type=A,B", regions="EB").records
        assert {(int(r["neuron"]), int(r["partner"])): r["weight"] for r in found} == dict(inside)
        table = assistant.ask("get_type_table", by="cell_type", by_region=True).records
        sums = {(r["pre_type"], r["post_type"], r["region"]): r["synapses"] for r in table}
        assert sums[("A", "B", "FB")] == 5
        assert assistant.ask("run_cypher", text="RETURN 1 AS one").records == [{"one": 1}]
    assert problems == []


def started(graph: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from loader.cli import main; main()", "mcp", str(graph), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ENVIRONMENT | {"PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize("end", ["Ctrl-C", "closed"])
def test_it_ends_cleanly(graph: Path, end: str, ctrl_c: None) -> None:
    with started(graph) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(ASK) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "cavegraph"
        if end == "closed":
            out, err = process.communicate(timeout=30)
        else:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0  # standard input is still open
            out, err = process.stdout.read(), process.stderr.read() if process.stderr else ""
    assert process.returncode == 0
    assert out == ""
    assert err == ("stopped\n" if end == "Ctrl-C" else "")


def test_at_an_address(graph: Path, ctrl_c: None) -> None:
    """It ends while an assistant is connected, whose stream would wait for ever."""
    with started(graph, "--http", "--port", "0") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = re.search(r"http://127\.0\.0\.1:\d+/mcp", process.stdout.readline())
        assert url
        with connected(url[0], mode="legacy") as assistant:
            assert assistant.ask("describe_graph").json["counts"]["connections"] == 3
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--port", "0"], "--port needs --http"),
        (["--host", "10.0.0.1"], "--host needs --http"),
        (["--token-file", "x"], "--token-file needs --http"),
    ],
)
def test_options_of_an_address_need_one(
    given: list[str], expected: str, graph: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["mcp", str(graph), *given])
    assert stopped.value.code == 2
    assert expected in capsys.readouterr().err
