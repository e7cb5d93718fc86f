"""What a server may do, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphapi.common.address import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Settings of a server.

    Attributes
    ----------
    host
        Address to listen on. Other than a loopback address, it needs a password.
    port
        Port to listen on; 0 for any free one.
    password
        What a visitor must know; None for nobody but this machine, without a password.
    names
        Further host names under which visitors reach the server.
    seconds
        Time limit of a question, in seconds.
    job_seconds
        Time limit of long work.
    at_once
        Number of questions answered at the same time.
    waiting
        Number of questions that may wait for their turn; any more are refused.
    jobs_at_once
        Number of long works at the same time.
    jobs_waiting
        Number of long works that may wait for their turn; any more are refused.
    job_kept
        Seconds for which the result of long work is kept.
    unwatched
        Seconds after which long work is cancelled if no page asks about it.
    most_rows
        Most rows of a table as JSON; the answer says how many there are. Files have all.
    most_bytes
        Most bytes of a request.
    sets_file
        File of the named sets; None for the one beside the graph.
    certificate, key
        Files of the certificate and its key, for https; None for http.
    neuprint
        What neuPrint's names of properties mean; replaces lines of `neuprint/names.toml`. Its
        `regions` are larger regions and their parts. None: the server does not answer neuPrint's
        requests.
    """

    host: str = "127.0.0.1"
    port: int = 0
    password: str | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()
    seconds: float = 60.0
    job_seconds: float = 1800.0
    at_once: int = 4
    waiting: int = 64
    jobs_at_once: int = 2
    jobs_waiting: int = 8
    job_kept: float = 300.0
    unwatched: float = 20.0
    most_rows: int = 100_000
    most_bytes: int = 8 << 20
    sets_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    neuprint: Mapping[str, Any] | None = None

    @property
    def on_this_machine(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)
