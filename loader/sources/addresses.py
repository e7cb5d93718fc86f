"""Download files once into a cache; an interrupted download resumes."""

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
#: Give up after this many attempts in a row without progress.
_ATTEMPTS = 5
_GONE = (401, 403, 404, 410)


def is_address(text: str) -> bool:
    """Return whether a text is the address of a file that can be downloaded."""
    return text.startswith(_SCHEMES)


def fetched(address: str, *, cache: Path | None = None) -> Path:
    """Download a file, or return the copy that was downloaded before.

    Parameters
    ----------
    address
        `https://`, `http://`, or `gs://BUCKET/NAME` of a public bucket.
    cache
        Cache folder; by default `downloads` in the user's cache folder. A cached file is not
        downloaded again; delete it to get a new copy.

    Returns
    -------
    Path
        The complete file. Its length is checked, and its MD5 if the server sends it.

    Raises
    ------
    NotFoundError
        The file does not exist, or is not public.
    LoadError
        The download failed; what arrived is kept, and the same call resumes it.
    """
    found = fetched_if_there(address, cache=cache)
    if found is None:
        raise NotFoundError(f"there is no public file at '{address}'", hint="check the address")
    return found


def fetched_if_there(address: str, *, cache: Path | None = None) -> Path | None:
    """Download a file as `fetched` does; return None if there is no such file."""
    url = _url(address)
    name = Path(unquote(urlsplit(url).path)).name
    if not name:
        raise InputError(
            f"'{address}' is not the address of a file", hint="give the address of one file"
        )
    folder = (cache or _cache()) / hashlib.sha256(url.encode()).hexdigest()[:16]
    target = folder / name
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    return target if _Fetch(address, url, target).run() else None


class _Fetch:
    """The download of one file."""

    def __init__(self, address: str, url: str, target: Path) -> None:
        self._address, self._url, self._target = address, url, target
        self._part = target.with_name(f"{target.name}.part")
        self._notes = target.with_name(f"{target.name}.part.json")

    def run(self) -> bool:
        """Download the file, over several connections if needed; False if there is none."""
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
                        f"'{self._address}' could not be downloaded: {_cause(error)}",
                        hint="run the same load again: it resumes where it stopped",
                    ) from error
                time.sleep(min(0.2 * 2**failures, 10))

    def _go_on(self, session: requests.Session) -> bool:
        """Download what is missing; False if there is no such file."""
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
                # The whole file comes again: the server has no ranges, or the file changed.
                start = 0
                length = int(answer.headers.get("Content-Length", -1))
                known = _described(answer, length)
                self._notes.write_text(json.dumps(known))
            self._write(answer, start, length)
        if length >= 0 and self._size() != length:
            raise _BrokenOffError(f"only {self._size():,} of {length:,} bytes arrived")
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
                    f"'{self._address}' was damaged on the way: its MD5 differs from the server's",
                    hint="run the same load again",
                )
        self._part.replace(self._target)
        self._notes.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0


class _BrokenOffError(Exception):
    """A response ended before the file was complete."""


def _pieces(answer: requests.Response) -> Any:
    from urllib3.exceptions import HTTPError

    try:
        # As stored: a compressed file is not decompressed.
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
