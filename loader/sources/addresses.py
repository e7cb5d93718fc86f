"""Files at addresses: fetched once into a cache, resumed where a connection broke."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from graphapi.common.progress import Progress
from graphapi.errors import InputError, LoadError, NotFoundError

if TYPE_CHECKING:
    import requests

_SCHEMES = ("https://", "http://", "gs://")
_GOOGLE = "https://storage.googleapis.com/"
_PIECE = 1 << 20
_TIMEOUT = 60
#: Attempts in a row that bring nothing before we give up.
_ATTEMPTS = 5
_GONE = (401, 403, 404, 410)


def is_address(text: str) -> bool:
    """Tell whether a text is an address that can be fetched."""
    return text.startswith(_SCHEMES)


def fetched(address: str, *, cache: Path | None = None) -> Path:
    """Fetch a file, or find it where it was fetched before.

    Parameters
    ----------
    address
        `https://`, `http://`, or `gs://BUCKET/NAME` of a public bucket.
    cache
        Folder; `downloads` in the user's cache folder when not given. A file in it is not
        asked for again: delete it to fetch it anew.

    Returns
    -------
    Path
        The whole file; its length, and its MD5 where the server says it, have been checked.

    Raises
    ------
    NotFoundError
        It is not there, or not public.
    LoadError
        It could not be fetched; what came is kept, and the same call resumes there.
    """
    found = fetched_if_there(address, cache=cache)
    if found is None:
        raise NotFoundError(f"there is no public file at '{address}'", hint="check the address")
    return found


def fetched_if_there(address: str, *, cache: Path | None = None) -> Path | None:
    """Fetch a file as `fetched` does; None where there is no such file."""
    url = _url(address)
    name = Path(unquote(urlsplit(url).path)).name
    if not name:
        raise InputError(f"'{address}' names no file", hint="give the address of one file")
    folder = (cache or _cache()) / hashlib.sha256(url.encode()).hexdigest()[:16]
    target = folder / name
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    return target if _Fetch(address, url, target).run() else None


class _Fetch:
    """One file on its way."""

    def __init__(self, address: str, url: str, target: Path) -> None:
        self._address, self._url, self._target = address, url, target
        self._part = target.with_name(f"{target.name}.part")
        self._notes = target.with_name(f"{target.name}.part.json")

    def run(self) -> bool:
        """Fetch the file, however often it breaks off; False where there is none."""
        import requests

        failures = 0
        while True:
            before = self._size()
            try:
                with requests.Session() as session:
                    return self._go_on(session)
            except (requests.RequestException, _BrokenOffError) as error:
                failures = 1 if self._size() > before else failures + 1
                if failures >= _ATTEMPTS:
                    raise LoadError(
                        f"'{self._address}' could not be fetched: {_cause(error)}",
                        hint="run the same load again: it resumes where it stopped",
                    ) from error
                time.sleep(min(0.2 * 2**failures, 10))

    def _go_on(self, session: requests.Session) -> bool:
        """Fetch what is missing; False where there is no such file."""
        known = json.loads(self._notes.read_text()) if self._notes.is_file() else {}
        start = self._size()
        headers = {"Accept-Encoding": "identity"}
        if start and known.get("mark"):
            headers |= {"Range": f"bytes={start}-", "If-Range": known["mark"]}
        with session.get(self._url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
            if answer.status_code in _GONE:
                return False
            if answer.status_code == 416 and start == known.get("length"):
                self._finish(known)
                return True
            answer.raise_for_status()
            if answer.status_code == 206:
                length = int(answer.headers["Content-Range"].rpartition("/")[2])
            else:
                # The server sends it from the beginning: it knows no ranges, or the file changed.
                start = 0
                length = int(answer.headers.get("Content-Length", -1))
                known = _described(answer, length)
                self._notes.write_text(json.dumps(known))
            self._write(answer, start, length)
        if length >= 0 and self._size() != length:
            raise _BrokenOffError(f"{self._size():,} of {length:,} bytes came")
        self._finish(known)
        return True

    def _write(self, answer: requests.Response, start: int, length: int) -> None:
        title = f"Fetching {self._target.name}"
        with (
            self._part.open("r+b" if start else "wb") as file,
            Progress(title, length if length >= 0 else None, unit="bytes") as bar,
        ):
            file.seek(start)
            file.truncate()
            bar.advance(start)
            for piece in _pieces(answer):
                file.write(piece)
                bar.advance(len(piece))

    def _finish(self, known: dict[str, Any]) -> None:
        if known.get("md5"):
            with self._part.open("rb") as file:
                digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
            if digest.hexdigest() != known["md5"]:
                self._part.unlink()
                self._notes.unlink(missing_ok=True)
                raise LoadError(
                    f"'{self._address}' came damaged: its MD5 is not the one that the server says",
                    hint="run the same load again",
                )
        self._part.replace(self._target)
        self._notes.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0


class _BrokenOffError(Exception):
    """An answer ended before the file did."""


def _pieces(answer: requests.Response) -> Any:
    from urllib3.exceptions import HTTPError

    try:
        # As stored: a packed file is not unpacked on the way.
        yield from answer.raw.stream(_PIECE, decode_content=False)
    except (HTTPError, OSError) as error:
        raise _BrokenOffError(str(error)) from error


def _described(answer: requests.Response, length: int) -> dict[str, Any]:
    headers = answer.headers
    strong = headers.get("ETag", "")
    mark = strong if strong and not strong.startswith("W/") else headers.get("Last-Modified", "")
    sums = dict(
        text.strip().partition("=")[::2] for text in headers.get("x-goog-hash", "").split(",")
    )
    coded = sums.get("md5") or headers.get("Content-MD5", "")
    return {
        "mark": mark,
        "length": length,
        "md5": base64.b64decode(coded).hex() if coded else "",
    }


def _url(address: str) -> str:
    if not address.startswith("gs://"):
        return address
    bucket, _, name = address.removeprefix("gs://").partition("/")
    return f"{_GOOGLE}{quote(bucket)}/{quote(name)}"


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("cavegraph") / "downloads"


def _cause(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
