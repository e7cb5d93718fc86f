"""An assistant: the SDK's own client, asked from ordinary tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client


@dataclass(frozen=True)
class Said:
    """What a tool said."""

    text: str
    json: dict[str, Any]
    failed: bool

    @property
    def records(self) -> list[dict[str, Any]]:
        names = [column["name"] for column in self.json["columns"]]
        return [dict(zip(names, row, strict=True)) for row in self.json["rows"]]


class Assistant:
    """A client that stays connected; several threads may ask it at once."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self.portal = portal
        self.client = client

    def call(self, tool: str, /, **arguments: Any) -> Said:
        found = self.portal.call(self.client.call_tool, tool, arguments)
        (content,) = found.content
        return Said(content.text, found.structured_content or {}, found.is_error)

    def ask(self, tool: str, /, **arguments: Any) -> Said:
        """Ask, and give the answer, which must be one; the client checks it against its schema."""
        said = self.call(tool, **arguments)
        assert not said.failed, said.text
        return said

    def refused(self, tool: str, /, **arguments: Any) -> str:
        said = self.call(tool, **arguments)
        assert said.failed, said.text
        return said.text

    def tools(self) -> list[Any]:
        return self.portal.call(self.client.list_tools).tools


@contextmanager
def connected(server: Any, **options: Any) -> Iterator[Assistant]:
    """Connect to a server: its address, a command to start, or the server itself."""
    client = Client(server, **options)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client):
        yield Assistant(portal, client)


def size(value: object) -> int:
    """Count the characters of a value as JSON, as it is sent."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
