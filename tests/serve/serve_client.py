"""A client of the server, as a program would be one."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pandas as pd
import requests

import graphapi
from conformance.toy import BASE
from graphapi.serve.running import Running

#: Text that would run in a page that shows it as HTML; one is written right to left.
HOSTILE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script> \u202e& \u2028'

_IDS = re.compile(r"^(root_id|neuron_id|pre|post|partner|neuron|other|source|target|[ABC])$")


def a(number: int) -> str:
    """A neuron of the hand-drawn graph: its root id as a text."""
    return str(BASE + number)


class Client:
    """Asks a server as a program would."""

    def __init__(self, running: Running) -> None:
        self.url = running.url

    def ask(self, route: str, **parameters: Any) -> requests.Response:
        return requests.get(f"{self.url}/api/v1/{route}", params=parameters, timeout=60)

    def post(self, route: str, **body: Any) -> requests.Response:
        return requests.post(f"{self.url}/api/v1/{route}", json=body, timeout=60)

    def get(self, route: str, **parameters: Any) -> dict[str, Any]:
        """Ask, and give the answer, which must be one."""
        answer = self.ask(route, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def records(self, route: str, **parameters: Any) -> list[dict[str, Any]]:
        return records(self.get(route, **parameters))


def records(table: dict[str, Any]) -> list[dict[str, Any]]:
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def plain(frame: pd.DataFrame) -> list[list[Any]]:
    """Write a frame as the API promises to: ids as texts, nothing where a value is missing."""

    def value(name: str, one: Any) -> Any:
        if isinstance(one, (list, tuple, np.ndarray)):
            return [value(name, each) for each in one]
        if one is None or one is pd.NA or (isinstance(one, float) and np.isnan(one)):
            return None
        whole = isinstance(one, (int, np.integer)) and not isinstance(one, bool)
        if whole and (_IDS.match(name) or abs(int(one)) > 2**53):
            return str(one)
        return one.item() if isinstance(one, np.generic) else one

    names = [str(name) for name in frame.columns]
    return [
        [value(n, one) for n, one in zip(names, row, strict=True)]
        for row in frame.to_numpy(dtype=object)
    ]


def printed(answer: dict[str, Any], connectome: graphapi.Connectome) -> Any:
    """Run the Python that an answer shows, on a graph that is open; return its last value."""
    *lines, last = ast.parse(answer["as"]["python"]).body
    assert isinstance(last, ast.Expr)
    known: dict[str, Any] = {"connectome": connectome}
    kept = [one for one in lines if "Connectome.open(" not in ast.unparse(one)]
    assert len(kept) == len(lines) - 1
    exec(ast.unparse(ast.Module(kept, [])), known)  # noqa: S102  (our own text)
    return eval(ast.unparse(last), known)  # noqa: S307


Serving = Callable[..., AbstractContextManager[Client]]
