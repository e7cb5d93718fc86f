"""Start the stand-in on a port of this machine, and stop it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from graphapi.common.webserver import WebServer, listen
from graphapi.errors import InputError, StandinError
from loader.sandbox.standin.auth import LOGIN_PATH, TokenCheck
from loader.sandbox.standin.faults import Faults
from loader.sandbox.standin.folder import Folder
from loader.sandbox.standin.info_service import info_routes
from loader.sandbox.standin.materialize_service import materialize_routes
from loader.sandbox.standin.replies import RefusalError, answer_refusal, answer_unknown_path, failed
from loader.sandbox.standin.schema_service import schema_routes
from loader.sandbox.standin.segmentation_service import segmentation_routes
from loader.sandbox.standin.skeleton_service import skeleton_routes
from loader.sandbox.standin.standin import Standin
from loader.sandbox.standin.store import Store
from loader.sandbox.standin.view_service import view_routes
from loader.sandbox.standin.volume_service import volume_routes
from loader.sandbox.standin.wire import HangUpProtocol, Recorder, RequestRecord, Trouble

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from starlette.requests import Request

_HOST = "127.0.0.1"
_STOP_LIMIT = 5.0
_WIDEST_LIMIT = 2**31


class RunningServer:
    """A running stand-in, started by `serve`.

    It is a context manager, which closes the server at the end.

    Attributes
    ----------
    url
        Address without a slash at the end: the `server_address` of a CAVE client.
    datastack
        Name of the datastack.
    requests
        All requests so far, in the order in which their answers ended.
    faults
        Faults to inject; can change while the server runs.
    """

    def __init__(self, folder: Folder, standin: Standin, listening: socket.socket) -> None:
        self.url = standin.url
        self.datastack = folder.datastack
        self.requests: list[RequestRecord] = []
        self.faults = standin.faults
        self._standin = standin
        self._closing = threading.Event()
        self._web = WebServer(
            _application(standin, self.requests, self._closing),
            listening,
            "cave-stand-in",
            stop_limit=_STOP_LIMIT,
            http=HangUpProtocol,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        if not self._web.starts():
            self.close()
            raise StandinError(f"the stand-in did not start at {self.url}")

    def wait(self) -> None:
        """Block until the server is closed, or Ctrl-C is pressed."""
        self._web.wait()

    def close(self) -> None:
        """Stop serving; a second call does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._web.close()
        self._standin.store.close()

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closing.is_set() else "running"
        return f"RunningServer({self.datastack!r} at {self.url}, {state})"


def serve(
    folder: Path | str,
    *,
    port: int = 0,
    token: str | None = None,
    row_limit: int = 200_000,
    faults: Faults | None = None,
) -> RunningServer:
    """Serve a folder as a CAVE server would, to this machine only.

    Parameters
    ----------
    folder
        Folder in the format of `docs/stand-in.md`.
    port
        Port to listen on; 0 for any free one.
    token
        Token that clients must send; None to accept any client.
    row_limit
        Largest number of rows in an answer, like the real server's limit.
    faults
        Faults to inject. By default rows come in random order, as always in CAVE.

    Returns
    -------
    RunningServer
        Runs in a separate thread until it is closed.

    Raises
    ------
    StandinError
        The folder is not in the format, or the port is in use.

    Examples
    --------
    ::

        with serve("my_datastack", port=8080) as server:
            client = CAVEclient(server.datastack, server_address=server.url, auth_token="0")
    """
    if not 0 < row_limit < _WIDEST_LIMIT:
        raise InputError(f"row_limit: {row_limit} is not above 0", hint="the real limit is 200,000")
    opened = Folder.open(folder)
    listening = _listen(port)
    url = f"http://{_HOST}:{listening.getsockname()[1]}"
    standin = Standin(
        folder=opened,
        store=Store(opened.path),
        faults=faults or Faults(),
        url=url,
        row_limit=row_limit,
        token=token,
    )
    return RunningServer(opened, standin, listening)


def _listen(port: int) -> socket.socket:
    try:
        return listen(_HOST, port)
    except (OSError, OverflowError) as error:
        raise StandinError(
            f"cannot listen on port {port}: {error}",
            hint="choose another port, or 0 for any free one",
        ) from error


def _application(
    standin: Standin, records: list[RequestRecord], closing: threading.Event
) -> Starlette:
    def login(_request: Request) -> Response:
        return HTMLResponse("<html><body>Log in to get a token.</body></html>")

    def home(_request: Request) -> Response:
        return JSONResponse({"service": "CAVE stand-in", "datastack": standin.folder.datastack})

    return Starlette(
        routes=[
            Route("/", home),
            Route(LOGIN_PATH, login),
            *info_routes(standin),
            *materialize_routes(standin),
            *view_routes(standin),
            *schema_routes(standin),
            *segmentation_routes(standin),
            *volume_routes(standin),
            *skeleton_routes(standin),
        ],
        middleware=[
            Middleware(Recorder, records=records),
            # Protects from web pages that reach this machine under their own host name.
            Middleware(TrustedHostMiddleware, allowed_hosts=[_HOST, "localhost"]),
            Middleware(Trouble, faults=standin.faults, closing=closing.is_set),
            Middleware(TokenCheck, standin=standin),
        ],
        exception_handlers={
            RefusalError: answer_refusal,
            HTTPException: answer_unknown_path,
            duckdb.Error: _answer_failure,
            pa.ArrowException: _answer_failure,
        },
    )


async def _answer_failure(request: Request, error: Exception) -> Response:
    """Send the 500 of a query that the database refuses."""
    return await answer_refusal(request, failed(str(error).splitlines()[0]))
