"""A server on loopback that writes raw bytes, and keeps every request as it came."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class RawServer:
    """What it was asked, and what it says.

    Parameters
    ----------
    says
        Called with the request's first line; what comes out is sent piece by piece. May be
        endless, and may wait on `over`.
    """

    def __init__(self, says: Callable[[str], Iterable[bytes]]) -> None:
        self.says = says
        self.over = threading.Event()
        self.requests: list[str] = []
        self.sent = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def heard(self) -> str:
        """All requests together, heads and bodies."""
        return "\n".join(self.requests)

    def close(self) -> None:
        self.over.set()
        self._socket.close()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                asked = connection.recv(2**20).decode("latin-1")
                self.requests.append(asked)
                for piece in self.says(asked.split("\r\n")[0]):
                    connection.sendall(piece)
                    self.sent += len(piece)
                    if self.over.is_set():
                        return
            except OSError:  # the client has gone, as it should
                return


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return an answer in whole."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


@contextmanager
def raw_server(says: Callable[[str], Iterable[bytes]]) -> Iterator[RawServer]:
    server = RawServer(says)
    try:
        yield server
    finally:
        server.close()
