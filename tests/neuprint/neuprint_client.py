"""Connects neuprint-python to a graph, as its users do."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import graphapi
import neuprint
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings


@contextmanager
def client_of(
    connectome: graphapi.Connectome, certificate: tuple[Path, Path], **settings: object
) -> Iterator[neuprint.Client]:
    """Serve a graph, and connect neuprint-python to it as its users do.

    The client remembers what servers said by address and token, and ports come again.
    """
    neuprint.Client.DATASETS_CACHE.clear()
    path, key = certificate
    asked = {"certificate": path, "key": key, "neuprint": {}, "seconds": 30.0, **settings}
    with serve(connectome, Settings(**asked)) as running:
        address = running.url.removeprefix("https://")
        token = secrets.token_hex(8)
        client = neuprint.Client(address, token=token, verify=str(path), progress=False)
        yield client
        client.session.close()


@contextmanager
def as_default(client: neuprint.Client) -> Iterator[None]:
    """Make a client the default one: some calls forget their argument `client`."""
    neuprint.set_default_client(client)
    yield
    neuprint.default_client().session.close()  # a copy, for whose connection a server would wait
    neuprint.clear_default_client()
