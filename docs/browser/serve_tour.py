"""Serve this folder to Neo4j Browser on this machine: ``python docs/browser/serve_tour.py``.

Browser fetches guides from other addresses only where these allow it, which Python's own
``python -m http.server`` does not.
"""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    """Serves files to pages of any address."""

    def end_headers(self) -> None:
        """Allow pages of other addresses to read the answer."""
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        super().end_headers()

    def do_OPTIONS(self) -> None:
        """Answer the question that browsers ask before some requests."""
        self.send_response(204)
        self.end_headers()


def make_server(port: int = 0) -> ThreadingHTTPServer:
    """Bind to the loopback interface; port 0 for a free one."""
    handler = partial(Handler, directory=str(Path(__file__).parent))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


if __name__ == "__main__":
    with make_server(int(sys.argv[1]) if len(sys.argv) > 1 else 8765) as server:
        port = server.server_address[1]
        print(f"In Neo4j Browser:  :play http://localhost:{port}/tour.html")  # noqa: T201
        server.serve_forever()
