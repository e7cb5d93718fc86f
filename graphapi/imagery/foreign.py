"""Translate cloud-volume's errors into ours; cloud-volume itself is passed in."""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from graphapi.errors import (
    CaveAuthError,
    CavegraphError,
    CaveResponseError,
    CaveUnavailableError,
    ImageryNotFoundError,
)
from graphapi.imagery.info import check_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphapi.imagery.careful import TicketAdapter

#: Errors that decoders raise on damaged data.
_DAMAGE = (
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    EOFError,
    AssertionError,
    RecursionError,
)


@dataclass(frozen=True)
class Library:
    """The names of cloud-volume and cloud-files that are used here."""

    CloudVolume: Any
    CloudFiles: Any
    Bbox: Any
    to_https: Any
    errors: Any
    file_errors: Any
    missing_codecs: Mapping[str, str]
    tickets: TicketAdapter


@contextmanager
def translated(lib: Library, what: str) -> Iterator[None]:
    """Turn cloud-volume's errors into ours, with a description of what was requested."""
    damage = (
        *_DAMAGE,
        lib.errors.DecodingError,
        lib.errors.EmptyFileException,
        lib.errors.InfoError,
        lib.errors.UnsupportedFormatError,
        lib.file_errors.DecompressionError,
        lib.file_errors.IntegrityError,
        struct.error,
        zlib.error,
    )
    try:
        yield
    except CavegraphError:
        raise
    except lib.errors.EmptyVolumeException as error:
        raise ImageryNotFoundError(
            f"{what}: the chunk {error} is not stored",
            hint="if you know that missing chunks are empty, pass fill_missing=True to show them "
            "as 0",
        ) from error
    except (lib.errors.AuthenticationError, lib.file_errors.AuthorizationError) as error:
        raise CaveAuthError(
            f"{what}: the token is missing or not valid",
            hint="store a token for this server with graphapi.generate_cave_token()",
        ) from error
    except requests.HTTPError as error:
        if error.response is not None:
            check_status(error.response.status_code, error.response.url)
        raise CaveResponseError(f"{what}: {error}") from error
    except requests.RequestException as error:
        host = urlsplit(error.request.url or "").netloc if error.request is not None else what
        raise CaveUnavailableError(
            f"{host} does not answer, or stopped in the middle of an answer",
            hint="check the network, then try again",
        ) from error
    except damage as error:
        raise CaveResponseError(
            f"{what}: cannot be read ({type(error).__name__}: {error})",
            hint="the stored data is damaged, or in a format that cloud-volume cannot read",
        ) from error
    except OSError as error:
        raise ImageryNotFoundError(f"{what}: {error.strerror or error}") from error
