"""Consoles and pipes that lack signs: Windows writes cp1252 into both."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import run_ok

from loader.cli import main

# ruff: noqa: RUF001 - letters that look alike are what this is about
NAME, TYPE = "Müller-α", "α'/β'"
Run = Callable[..., tuple[int, bytes, bytes]]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph whose neurons, values and datastack have names with Greek letters."""
    place = tmp_path_factory.mktemp("encodings")
    (place / "edges.csv").write_text("pre,post,weight\n1,2,3\n2,3,4\n3,1,5\n2,1,2\n", "utf-8")
    rows = f"root_id,t\n1,{TYPE}\n2,ω\n3,{NAME}\n"
    (place / "a.csv").write_text(rows, "utf-8")
    arguments = ["load", str(place / "edges.csv"), "-a", str(place / "a.csv"), "--name", "ψ"]
    run_ok(*arguments, "--to", str(place / "g.lbug"))
    return place / "g.lbug"


@pytest.fixture(params=["cp1252", "cp437", "utf-8"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a console of an encoding; bytes, as they reach the pipe."""

    def run(*arguments: str) -> tuple[int, bytes, bytes]:
        out, err = (
            io.TextIOWrapper(io.BytesIO(), encoding=request.param, newline="") for _ in range(2)
        )
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as done:
                main(list(arguments))
            out.flush()
            err.flush()
        return done.value.code or 0, out.buffer.getvalue(), err.buffer.getvalue()

    run.encoding = request.param  # type: ignore[attr-defined]
    return run


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize(
    "arguments",
    [
        ("info",),
        ("neurons", "1"),
        ("neurons", "--where", f"t={TYPE}"),
        ("neurons", "--where", "t=unknown ω"),
        ("values", "t"),
        ("cypher", "MATCH (n:Neuron) RETURN n.root_id, n.t"),
        ("downstream", "--where", "t=ω"),
        ("types", "--by", "t"),
        ("verify",),
        ("motifs", "census"),
    ],
    ids=" ".join,
)
def test_every_sign_is_shown_or_escaped(run: Run, graph: Path, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments, "-g", str(graph))
    assert code == 0, err
    encoding = run.encoding  # type: ignore[attr-defined]
    assert b"Traceback" not in out + err
    if "unknown" in " ".join(arguments) or arguments[0] in ("values", "cypher"):
        assert TYPE.encode(encoding, "backslashreplace") in out + err


def test_what_a_file_would_hold_reaches_a_pipe_byte_for_byte(
    run: Run, graph: Path, tmp_path: Path
) -> None:
    for kind in ("csv", "json"):
        command = ("neurons", "1", "2", "3", "-g", str(graph), f"--{kind}")
        code, piped, err = run(*command, "-")
        assert code == 0, err
        assert run(*command, str(tmp_path / "file"))[0] == 0
        assert piped == (tmp_path / "file").read_bytes()
        assert TYPE in piped.decode("utf-8")
    assert {row["t"] for row in json.loads(piped)} == {TYPE, "ω", NAME}


def test_errors_are_shown_too(run: Run, graph: Path, tmp_path: Path) -> None:
    code, _, err = run("neurons", "1", "-g", str(tmp_path / "ω.lbug"))
    assert code == 3
    assert b"Traceback" not in err
    code, _, err = run("load", str(tmp_path / "ψ.csv"), "--to", str(graph.with_name("h.lbug")))
    assert code == 3
    assert b"csv" in err
