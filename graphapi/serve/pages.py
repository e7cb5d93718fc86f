"""The files of the page. They hold nothing of the graph, so they need no password."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

FOLDER = Path(__file__).parent / "page"


async def _page(_request: Request) -> Response:
    return FileResponse(FOLDER / "index.html")


def page_routes() -> list[BaseRoute]:
    """Return the routes of the page: `/` and `/view/...` are it, `/page/...` are its files."""
    return [
        Route("/", _page),
        Route("/view/{rest:path}", _page),
        Mount("/page", StaticFiles(directory=FOLDER)),
    ]
