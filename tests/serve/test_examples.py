"""The examples of docs/api-http.md run: R's addresses, and the others themselves."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import requests
from serve_client import Client

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api-http.md").read_text("utf-8")
THERE = "http://127.0.0.1:8720"

#: Nothing here depends on the engine.
pytestmark = pytest.mark.parametrize("toy", ["ladybug"], indirect=True, scope="session")


def example(language: str, url: str) -> str:
    (found,) = re.findall(rf"```{language}\b[^\n]*\n(.*?)```", PAGE, re.DOTALL)
    assert THERE in found
    return found.replace(THERE, url)


def test_the_addresses_of_r(client: Client) -> None:
    addresses = re.findall(r'"(http[^"]+)"', example("r", client.url))
    assert [requests.get(one, timeout=10).status_code for one in addresses] == [200, 200]


def test_python(client: Client) -> None:
    scope: dict[str, object] = {}
    exec(example("python", client.url), scope)  # noqa: S102  (our own page)
    table = scope["table"]
    assert isinstance(table, pd.DataFrame)
    assert table["weight"].sum() == 12


@pytest.mark.parametrize(("language", "program"), [("js", "node"), ("sh", "sh")])
def test_programs(client: Client, language: str, program: str) -> None:
    needed = "curl" if program == "sh" else program
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    flags = ["--input-type=module", "-e"] if program == "node" else ["-ec"]
    done = subprocess.run(
        [program, *flags, example(language, client.url)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said = "synapses: 5" if program == "node" else '"rows":[[9]]'
    assert said in done.stdout
