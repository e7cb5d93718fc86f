"""A client of the server, as a program would be one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import requests

from graphapi.serve.running import Running

#: Text that would run in a page that shows it as HTML; one is written right to left.
HOSTILE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script> \u202e& \u2028'


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


Serving = Callable[..., AbstractContextManager[Client]]
