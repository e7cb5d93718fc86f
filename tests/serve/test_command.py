"""`cavegraph explore` itself, as docs/api-http.md starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

from conformance import direct
from conformance.toy import ANNOTATIONS, ROWS
from graphapi.serve.settings import Settings

_MAIN = "from loader.cli import main; main()"


def test_the_command_serves_until_it_is_stopped(tmp_path: Path, ctrl_c: None) -> None:
    graph = tmp_path / "toy.lbug"
    direct.into_ladybug(graph, direct.contents(ROWS, ANNOTATIONS))
    command = [sys.executable, "-u", "-c", _MAIN, "explore", str(graph)]
    with subprocess.Popen(
        [*command, "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url
        assert requests.get(f"{url[0]}/api/v1/info", timeout=10).json()["name"] == "toy v7"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_the_password_is_in_no_representation() -> None:
    assert "correct horse" not in repr(Settings(password="correct horse"))
