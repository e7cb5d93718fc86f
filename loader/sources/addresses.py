"""Download files once into a cache; an interrupted download resumes.

A file may be large, so neither its size nor its time has a limit. A download ends when it
stalls, when the disk is nearly full, or when the server keeps interrupting it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from graphapi.common.address import origin_of, shown
from graphapi.common.files import put_in_place
from graphapi.common.http import file_session
from graphapi.common.progress import Progress
from graphapi.errors import InputError, LoadError, NotFoundError
from loader.work.lock import FileLock
from loader.work.room import told_if_full

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

_SCHEMES = ("https://", "http://", "gs://")
_GOOGLE = "https://storage.googleapis.com/"
_PIECE = 1 << 20
_LONGEST_NAME = 200
#: Sets the seconds within which a download must make progress.
STALL_VARIABLE = "CAVEGRAPH_STALL_SECONDS"
_STALL_SECONDS = 60.0
#: Bytes that count as progress; an attempt that brings less has failed.
_LEAST = 1 << 16
#: Give up after this many failed attempts in a row.
_ATTEMPTS = 5
#: Bytes of the disk that stay free.
_ROOM_LEFT = 1 << 30
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

    Notes
    -----
    A download that brings less than 64 kB in `$CAVEGRAPH_STALL_SECONDS` (60) is interrupted and
    resumed; after five failures in a row it is an error.

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
    StageError
        Another process is downloading it.
    """
    found = fetched_if_there(address, cache=cache)
    if found is None:
        raise NotFoundError(
            f"there is no public file at {shown(address)}", hint="check the address"
        )
    return found


def fetched_if_there(address: str, *, cache: Path | None = None) -> Path | None:
    """Download a file as `fetched` does; return None if there is no such file."""
    url = _url(address)
    origin_of(url)
    name = Path(unquote(urlsplit(url).path)).name
    if name in ("", ".", "..") or not name.isprintable() or len(name.encode()) > _LONGEST_NAME:
        raise InputError(
            f"{shown(address)} is not the address of a file", hint="give the address of one file"
        )
    folder = (cache or _cache()) / hashlib.sha256(url.encode()).hexdigest()[:16]
    target = folder / name
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    busy = (f"{shown(address)} is being downloaded by another load", "wait until that ends")
    lock = FileLock(folder / ".lock", busy)
    lock.acquire()
    try:
        if target.is_file():  # downloaded by another load meanwhile
            return target
        with told_if_full(folder):
            return target if _Fetch(address, url, target).run() else None
    finally:
        lock.remove()


class _Fetch:
    """The download of one file."""

    def __init__(self, address: str, url: str, target: Path) -> None:
        self._address, self._url, self._target = shown(address), url, target
        self._part = target.with_name(f"{target.name}.part")
        self._notes = target.with_name(f"{target.name}.part.json")
        self._patience = _stall_seconds()

    def run(self) -> bool:
        """Download the file, over several connections if needed; False if there is none."""
        import requests

        failures = 0
        while True:
            before = self._size()
            try:
                with file_session() as session:
                    return self._go_on(session)
            except (requests.RequestException, TimeoutError, _BrokenOffError) as error:
                failures = 0 if self._size() - before >= _LEAST else failures + 1
                if failures >= _ATTEMPTS:
                    raise LoadError(
                        f"{self._address} could not be downloaded: {_cause(error)}",
                        hint="run the same load again: it resumes where it stopped",
                    ) from error
                time.sleep(min(0.2 * 2**failures, 10))

    def _go_on(self, session: requests.Session) -> bool:
        """Download what is missing; False if there is no such file."""
        known = self._noted()
        start = self._size()
        headers = {"Accept-Encoding": "identity"}
        if start and known.get("mark"):
            headers |= {"Range": f"bytes={start}-", "If-Range": known["mark"]}
        with session.get(self._url, headers=headers, stream=True, timeout=self._patience) as answer:
            if answer.status_code in _GONE:
                return False
            if answer.status_code == 416 and start == known.get("length"):
                self._finish(known)
                return True
            answer.raise_for_status()
            if answer.status_code == 206:
                length = _of_the_rest(answer.headers.get("Content-Range", ""), start)
            else:
                # The whole file comes again: the server has no ranges, or the file changed.
                start = 0
                length = _whole(answer.headers.get("Content-Length"))
                known = _described(answer, length)
                self._notes.write_text(json.dumps(known))
            self._require_room(length - start)
            self._write(answer, start, length)
        if length >= 0 and self._size() != length:
            raise _BrokenOffError(f"only {self._size():,} of {length:,} bytes arrived")
        self._finish(known)
        return True

    def _noted(self) -> dict[str, Any]:
        """Return what the server said before; nothing if the note is damaged."""
        try:
            known = json.loads(self._notes.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _require_room(self, coming: int) -> None:
        free = shutil.disk_usage(self._target.parent).free
        if max(coming, 0) + _ROOM_LEFT > free:
            raise LoadError(
                f"{self._address} does not fit on the disk of '{self._target.parent}': {free:,} "
                "bytes are free",
                hint="free some space and run the same load again: it resumes where it stopped",
            )

    def _write(self, answer: requests.Response, start: int, length: int) -> None:
        title = f"Fetching {self._target.name}"
        with (
            self._part.open("r+b" if start else "wb") as file,
            Progress(title, length if length >= 0 else None, unit="bytes") as bar,
        ):
            file.seek(start)
            file.truncate()
            bar.advance(start)
            for piece in _pieces(answer, self._patience):
                if length < 0:  # of unknown size
                    self._require_room(len(piece))
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
                    f"{self._address} was damaged in transit: its MD5 differs from the server's",
                    hint="run the same load again",
                )
        put_in_place(self._part, self._target)
        self._notes.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0


class _BrokenOffError(Exception):
    """A response ended before the file was complete."""


def _pieces(answer: requests.Response, patience: float) -> Iterator[bytes]:
    """Yield a body as it arrives; less than `_LEAST` bytes in `patience` seconds are an error."""
    from urllib3.exceptions import HTTPError

    checked, since = time.monotonic(), 0
    try:
        # As stored: a compressed file is not decompressed.
        while piece := answer.raw.read1(_PIECE, decode_content=False):
            yield piece
            since += len(piece)
            now = time.monotonic()
            if now - checked > patience:
                if since < _LEAST:
                    raise _BrokenOffError(f"only {since:,} bytes arrived in {now - checked:.0f} s")
                checked, since = now, 0
    except (HTTPError, OSError) as error:
        raise _BrokenOffError(str(error)) from error


def _stall_seconds() -> float:
    given = os.environ.get(STALL_VARIABLE, "")
    try:
        seconds = float(given) if given else _STALL_SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise InputError(
            f"${STALL_VARIABLE} is {given!r}, not a number of seconds", hint="for example 60"
        )
    return seconds


def _whole(stated: str | None) -> int:
    """Return the length of a file that a server states; -1 if it states none."""
    if stated is None:
        return -1
    if re.fullmatch(r"[0-9]{1,18}", stated) is None:
        raise _BrokenOffError(f"the server states the length {stated[:50]!r}")
    return int(stated)


def _of_the_rest(stated: str, start: int) -> int:
    """Return the length of the whole file, of which the server sends what begins at `start`."""
    found = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", stated)
    if found is None or int(found[1]) != start:
        raise _BrokenOffError(f"the server sends the part {stated[:80]!r}, not from {start:,} on")
    return int(found[2])


def _described(answer: requests.Response, length: int) -> dict[str, Any]:
    headers = answer.headers
    strong = headers.get("ETag", "")
    mark = strong if strong and not strong.startswith("W/") else headers.get("Last-Modified", "")
    sums = dict(
        text.strip().partition("=")[::2] for text in headers.get("x-goog-hash", "").split(",")
    )
    coded = sums.get("md5") or headers.get("Content-MD5", "")
    try:
        md5 = base64.b64decode(coded, validate=True).hex()
    except ValueError as error:
        raise _BrokenOffError(f"the server states the MD5 {coded[:50]!r}") from error
    return {"mark": mark, "length": length, "md5": md5}


def _url(address: str) -> str:
    if not address.startswith("gs://"):
        return address
    bucket, _, name = address.removeprefix("gs://").partition("/")
    return f"{_GOOGLE}{quote(bucket)}/{quote(name)}"


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("cavegraph") / "downloads"


def _cause(error: Exception) -> str:
    """Return the first line of an error, without keys in addresses."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return re.sub(r"\?[^\s'\"]*", "", text)
