"""The `info` file of a volume, fetched within limits before cloud-volume is troubled.

cloud-volume takes a refused token and a missing file for the same thing, and tries a dead server
for twenty seconds and more. Asked for here, each of them is its own error, at once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

import requests

from graphapi.common.address import origin_of
from graphapi.common.http import LIMITS, Limits, Pass, session
from graphapi.errors import (
    CaveAuthError,
    CaveRateLimitError,
    CaveResponseError,
    CaveUnavailableError,
    ImageryNotFoundError,
    InputError,
)

if TYPE_CHECKING:
    import os

#: What a file that describes something may take; 16 MB is many times the longest.
_SMALL = replace(LIMITS, most=2**24)
_FORMS = ("precomputed", "graphene")


@dataclass(frozen=True)
class Source:
    """A place that holds a volume.

    Parameters
    ----------
    form
        `precomputed` or `graphene`.
    place
        Address without the form: `https://...`, `gs://...`, `file://...`.
    """

    form: Literal["precomputed", "graphene"]
    place: str

    @property
    def text(self) -> str:
        """The address in full, as cloud-volume takes it."""
        return f"{self.form}://{self.place}"

    @property
    def address(self) -> str:
        """What a web client or the file system is asked for."""
        place = self.place.removeprefix("middleauth+")
        kind, _, rest = place.partition("://")
        if kind == "gs":
            return f"https://storage.googleapis.com/{rest}"
        if kind == "s3":
            bucket, _, path = rest.partition("/")
            return f"https://{bucket}.s3.amazonaws.com/{path}"
        return place

    @property
    def takes_token(self) -> bool:
        """Whether the place is CAVE's own; nobody else is shown the token."""
        own = self.form == "graphene" or self.place.startswith("middleauth+")
        return own and self.address.startswith("http")

    @property
    def local(self) -> bool:
        """Whether it is a folder on this machine."""
        return self.place.startswith("file://")


def parse_source(source: str | os.PathLike[str]) -> Source:
    """Read the address of a volume.

    Parameters
    ----------
    source
        `precomputed://PLACE`, `graphene://PLACE`, a bare place (`https://`, `gs://`, `s3://`,
        `file://`), or the path of a folder.

    Raises
    ------
    InputError
        It is no such address.
    """
    text = str(source).strip().rstrip("/")
    form = "precomputed"
    for known in _FORMS:
        if text.startswith(f"{known}://"):
            form, text = known, text.removeprefix(f"{known}://")
    if "://" not in text and text:
        text = f"file://{Path(text).expanduser().resolve()}"
    if not re.match(r"(file|(middleauth\+)?https?|gs|s3)://.+", text):
        raise InputError(
            f"{str(source)!r} is no source of images or meshes",
            hint="give precomputed://..., graphene://... or the path of a precomputed folder",
        )
    if not text.startswith("file://"):
        origin_of(text)  # refuses what can be read in two ways
    return Source(form, text)  # type: ignore[arg-type]


def fetch_info(source: Source, shows: Pass | None) -> dict[str, Any]:
    """Fetch and read a volume's `info` file.

    Raises
    ------
    ImageryNotFoundError
        There is none.
    CaveAuthError
        The server wants a token, or another one.
    CaveUnavailableError
        The server does not answer, or answers that it cannot.
    CaveResponseError
        What it answers is no info file.
    """
    where = f"{source.address}/info"
    content = _read(source, where) if source.local else _get(source, where, shows)
    try:
        info = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CaveResponseError(f"{where} is not JSON") from error
    if not isinstance(info, dict):
        raise CaveResponseError(f"{where} is no info file of a volume")
    return info


def get_json(url: str, shows: Pass | None, **request: Any) -> Any:
    """Ask a CAVE server for JSON, within limits and with errors of our own."""
    response = _request(url, shows, _SMALL, **request)
    check_status(response.status_code, url)
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise CaveResponseError(f"{url} answers something that is not JSON") from error


def get_bytes(url: str) -> bytes:
    """Fetch a public file, within limits and with errors of our own."""
    response = _request(url, None, LIMITS)
    check_status(response.status_code, url)
    return response.content


def check_status(status: int, url: str) -> None:
    """Raise the error that an answer of this status is."""
    host = urlsplit(url).netloc
    if status < 400:
        return
    if status in (401, 403):
        raise CaveAuthError(
            f"{host} refuses {url} (status {status}): no token, or not a good one",
            hint="store a token of this server with graphapi.generate_cave_token()",
        )
    if status in (404, 410):
        raise ImageryNotFoundError(f"there is nothing at {url}", hint="check the source's address")
    if status == 429:
        raise CaveRateLimitError(
            f"{host} asks for fewer requests (at {url})", hint="wait, then try again"
        )
    if status >= 500:
        raise CaveUnavailableError(
            f"{host} answers {url} with status {status}", hint="try again later"
        )
    raise CaveResponseError(f"{host} answers {url} with status {status}")


def _read(source: Source, where: str) -> bytes:
    path = local_path(where)
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageryNotFoundError(
            f"there is no volume in {local_path(source.address)}: it has no info file",
            hint="give the folder that holds the file 'info'",
        ) from error
    except OSError as error:
        raise ImageryNotFoundError(f"cannot read {path}: {error.strerror}") from error


def local_path(address: str) -> Path:
    """Give the path that a `file://` address names."""
    return Path(unquote(address.removeprefix("file://"))).expanduser()


def _get(source: Source, where: str, shows: Pass | None) -> bytes:
    response = _request(where, shows if source.takes_token else None, _SMALL)
    if response.status_code == 403 and not source.takes_token:
        # A public bucket answers so for what is not there.
        raise ImageryNotFoundError(
            f"there is nothing at {where}, or not for everyone", hint="check the source's address"
        )
    check_status(response.status_code, where)
    return response.content


def _request(url: str, shows: Pass | None, limits: Limits, **request: Any) -> requests.Response:
    try:
        with session(shows, limits=limits) as one:
            return one.get(url, **request)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise CaveUnavailableError(
            f"{urlsplit(url).netloc} does not answer, or not within the time limit",
            hint="check the address and the network; for the demo, is its server still running?",
        ) from error
    except requests.RequestException as error:
        raise InputError(f"{url} cannot be asked for: {type(error).__name__}") from error
