"""Fetch the `info` file of a volume, within limits, before cloud-volume is used.

cloud-volume does not distinguish a refused token from a missing file, and retries a dead server
for more than twenty seconds. Here each of them is a different error, raised at once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

import requests

from graphapi.common.address import origin_of, shown
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

#: Limits for JSON files; 16 MB is many times the size of the longest.
_SMALL = replace(LIMITS, most=2**24)
_FORMS = ("precomputed", "graphene")


@dataclass(frozen=True)
class Source:
    """The address of a volume.

    Attributes
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
        """The full address, as cloud-volume takes it."""
        return f"{self.form}://{self.place}"

    @property
    def address(self) -> str:
        """The URL for a web client or the file system."""
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
        """Whether CAVE serves the place; the token is sent to no other place."""
        own = self.form == "graphene" or self.place.startswith("middleauth+")
        return own and self.address.startswith("http")

    @property
    def local(self) -> bool:
        """Whether the volume is a folder on this machine."""
        return self.place.startswith("file://")


def parse_source(source: str | os.PathLike[str]) -> Source:
    """Read the address of a volume.

    Parameters
    ----------
    source
        `precomputed://PLACE`, `graphene://PLACE`, PLACE alone (`https://`, `gs://`, `s3://` or
        `file://`), or the path of a folder.

    Raises
    ------
    InputError
        The text is not such an address.
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
            f"{str(source)!r} is not a source of images or meshes",
            hint="give precomputed://..., graphene://... or the path of a precomputed folder",
        )
    if not text.startswith("file://"):
        origin_of(text)  # refuses ambiguous addresses
    return Source(form, text)  # type: ignore[arg-type]


def fetch_info(source: Source, shows: Pass | None) -> dict[str, Any]:
    """Fetch and read a volume's `info` file.

    Raises
    ------
    ImageryNotFoundError
        There is no such file.
    CaveAuthError
        The server requires a token, or refuses the one it got.
    CaveUnavailableError
        The server does not answer, or reports that it is not available.
    CaveResponseError
        The answer is not an info file.
    """
    where = f"{source.address}/info"
    content = _read(source, where) if source.local else _get(source, where, shows)
    return json_object(content, where)


def get_json(url: str, shows: Pass | None, **request: Any) -> dict[str, Any]:
    """Fetch a JSON object from a CAVE server, with limits and with our errors."""
    response = _request(url, shows, _SMALL, **request)
    check_status(response.status_code, url)
    return json_object(response.content, f"the answer of {url}")


def json_object(content: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object; `what` names it in the error."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CaveResponseError(f"{what} is not JSON") from error
    if not isinstance(value, dict):
        raise CaveResponseError(f"{what} is not a JSON object but a {type(value).__name__}")
    return value


def get_bytes(url: str) -> bytes:
    """Fetch a public file, with limits and with our errors."""
    response = _request(url, None, LIMITS)
    check_status(response.status_code, url)
    return response.content


def check_status(status: int, url: str) -> None:
    """Raise the error for an HTTP status; return if the status is not an error."""
    host, url = urlsplit(url).netloc, shown(url)
    if status < 400:
        return
    if status in (401, 403):
        raise CaveAuthError(
            f"{host} refuses {url} (status {status}): the token is missing or not valid",
            hint="store a token for this server with graphapi.generate_cave_token()",
        )
    if status in (404, 410):
        raise ImageryNotFoundError(f"there is nothing at {url}", hint="check the source's address")
    if status == 429:
        raise CaveRateLimitError(
            f"{host} limits the rate of requests (at {url})", hint="wait, then try again"
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
            hint="give the folder that contains the file 'info'",
        ) from error
    except OSError as error:
        raise ImageryNotFoundError(f"cannot read {path}: {error.strerror}") from error


def local_path(address: str) -> Path:
    """Return the path of a `file://` address."""
    return Path(unquote(address.removeprefix("file://"))).expanduser()


def _get(source: Source, where: str, shows: Pass | None) -> bytes:
    response = _request(where, shows if source.takes_token else None, _SMALL)
    if response.status_code == 403 and not source.takes_token:
        # A public bucket answers 403 for a missing file.
        raise ImageryNotFoundError(
            f"there is nothing at {where}, or it is not public", hint="check the source's address"
        )
    check_status(response.status_code, where)
    return response.content


def _request(url: str, shows: Pass | None, limits: Limits, **request: Any) -> requests.Response:
    try:
        with session(shows, limits=limits) as one:
            return one.get(url, **request)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise CaveUnavailableError(
            f"{urlsplit(url).netloc} does not answer",
            hint="check the address and the network. The demo's server is started by "
            "`cavegraph serve-demo`",
        ) from error
    except requests.RequestException as error:
        raise InputError(f"cannot request {shown(url)}: {type(error).__name__}") from error
