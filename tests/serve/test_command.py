"""`cavegraph explore` itself, as docs/api-http.md starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url
        assert requests.get(f"{url[0]}/api/v1/info", timeout=10).json()["name"] == "toy v7"
        motif = {"motif": "A -> B; B -> C", "nulls": 1000}
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(requests.post, f"{url[0]}/api/v1/motifs", json=motif, timeout=60)
            time.sleep(1)  # it is being answered
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=20)
            assert asked.result(10).status_code in (200, 503)
        assert (process.returncode, said.strip()) == (0, "stopped")


def test_the_password_is_in_no_representation() -> None:
    assert "correct horse" not in repr(Settings(password="correct horse"))
