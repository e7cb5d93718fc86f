"""The CAVE token: how it is found and stored, and how it is kept out of messages."""

from __future__ import annotations

import json
import os
import re
import sys
from getpass import getpass
from pathlib import Path

from graphapi.common.address import origin_of, shown
from graphapi.common.files import write_bytes_whole
from graphapi.errors import CaveAuthError, InputError

_FOLDER = "~/.cloudvolume/secrets"
_COMMON_FILES = ("cave-secret.json", "chunkedgraph-secret.json")
_KEY = "token"
_SPELLED = re.compile(
    r"(bearer\s+|middle_auth_token[\"']?\s*[=:]\s*[\"']?|[\"']?\btoken[\"']?\s*[=:]\s*[\"']?)"
    r"[A-Za-z0-9._~+/=-]{8,}",
    re.IGNORECASE,
)


def generate_cave_token(server: str, *, save: bool = True, token: str | None = None) -> Path | None:
    """Ask for a token for a CAVE server, and store it where CAVE programs look for it.

    CAVE shows tokens only on a web page, after a login. This prints the address of that page
    (it does not open a browser) and reads the token without showing it.

    Parameters
    ----------
    server
        Address of the CAVE server.
    save
        Whether to store the token.
    token
        The token, if you already have it; otherwise you are asked for it.

    Returns
    -------
    pathlib.Path or None
        The file that holds the token, readable only by you; None if `save` is False.

    Raises
    ------
    InputError
        The server's address or the token is not valid.
    CaveAuthError
        No token was given, and there is no terminal to ask on.
    """
    path = token_file(server)
    page = f"{normal_address(server)}/auth/api/v1/create_token"
    if token is None:
        print(f"Log in and copy the token shown at: {page}", file=sys.stderr)  # noqa: T201
        token = _asked(page)
    token = token.strip().strip("\"'")
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]{8,}", token):
        raise InputError(
            "this is not a valid CAVE token (it is not shown here)",
            hint=f"copy the value of 'token' from {page}, without quotes",
        )
    return _store(path, token) if save else None


def find_token(server: str) -> str | None:
    """Return the token for a server: `$CAVEGRAPH_TOKEN`, else the stored one, or None.

    Raises
    ------
    CaveAuthError
        A token file exists but cannot be read.
    """
    if named := os.environ.get("CAVEGRAPH_TOKEN"):
        return named
    folder = Path(_FOLDER).expanduser()
    for path in (token_file(server), *(folder / name for name in _COMMON_FILES)):
        token = _read(path).get(_KEY)
        if isinstance(token, str) and token:
            return token
    return None


def token_file(server: str) -> Path:
    """Return the file that holds the token for a server."""
    return Path(_FOLDER).expanduser() / f"{origin_of(server).place}-cave-secret.json"


def normal_address(server: str) -> str:
    """Return a server's address as `scheme://host[:port]`; https if no scheme is given.

    Raises
    ------
    InputError
        It is not an http(s) address, or it contains a user name or password.
    """
    origin = origin_of(server)
    text = server if "://" in server else f"https://{server}"
    path = text.partition("://")[2].partition("/")[2].rstrip("/")
    if not re.match(r"https?://", text, re.IGNORECASE) or re.search(r"[\s?#]", text):
        raise InputError(
            f"{shown(redact(server))} is not the address of a server",
            hint="give it as https://host or http://127.0.0.1:port",
        )
    return f"{origin}/{path}" if path else str(origin)


def plain_name(name: str, what: str) -> str:
    """Return a name unchanged, after checking that it is safe as part of an address.

    Raises
    ------
    InputError
        The name has characters other than letters, digits and _ . -
    """
    if not re.fullmatch(r"[A-Za-z0-9_.\-]*[A-Za-z0-9_][A-Za-z0-9_.\-]*", name):
        raise InputError(
            f"{redact(name)!r} is not a valid {what} name",
            hint="names consist of letters, digits, and the characters _ . -",
        )
    return name


def redact(text: str, *tokens: str | None) -> str:
    """Replace tokens in a text: those given, and anything that looks like one."""
    for token in tokens:
        if token:
            text = text.replace(token, "[token]")
    return _SPELLED.sub(lambda found: f"{found.group(1)}[token]", text)


def _asked(page: str) -> str:
    try:
        return getpass("CAVE token (not shown while you paste): ")
    except (EOFError, OSError) as error:
        raise CaveAuthError(
            "a token is needed, but there is no terminal to ask on",
            hint=f"get one from {page} and pass it as token=...",
        ) from error


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError):
        # The cause is left out: a decoding error quotes the file, and so the token.
        raise CaveAuthError(
            f"the token file {path} cannot be read, or is not JSON",
            hint="delete it and run generate_cave_token() again",
        ) from None
    return content if isinstance(content, dict) else {}


def _store(path: Path, token: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = json.dumps({**_read(path), _KEY: token})
    write_bytes_whole(path, content.encode(), private=True)
    return path
