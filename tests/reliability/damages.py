"""Graph files with one damage each, and what becomes of who reads them.

Each is verified, looked at by a load, opened and read, in a forked process that must live: an
answer that `verify` passes must be the whole graph's; else it is seen, or refused by an error of
ours.
"""

from __future__ import annotations

import faulthandler
import os
import random
import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

from graphapi.connectome import Connectome
from graphapi.engines.ladybugapart import ApartEngine
from graphapi.errors import CavegraphError
from loader import verify_graph
from loader.writers.embedded import EmbeddedWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loader.checks.verify import VerifyReport

#: Drawn from these in turn; a sample of any size has all of them.
KINDS = ("bit", "header", "zeros", "junk", "page", "cut", "swapped pages", "longer")
_PAGE = 4096


def damages(whole: bytes, number: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Draw damaged files; the first four bytes, by which we know them, stay."""
    chance = random.Random(seed)  # noqa: S311 - a seeded test
    pages = len(whole) // _PAGE
    for i in range(number):
        kind, data = KINDS[i % len(KINDS)], bytearray(whole)
        if kind in ("bit", "header"):
            place = chance.randrange(4, 400 if kind == "header" else len(data))
            data[place] ^= 1 << chance.randrange(8)
        elif kind in ("zeros", "junk"):
            length = chance.choice([1, 8, 64])
            place = chance.randrange(4, len(data) - length)
            data[place : place + length] = (
                bytes(length) if kind == "zeros" else chance.randbytes(length)
            )
        elif kind == "page":
            place = chance.randrange(1, pages) * _PAGE
            data[place : place + _PAGE] = chance.randbytes(_PAGE)
        elif kind == "cut":
            del data[chance.randrange(4, len(data)) :]
        elif kind == "swapped pages":
            a, b = (page * _PAGE for page in chance.sample(range(1, pages), 2))
            data[a : a + _PAGE], data[b : b + _PAGE] = data[b : b + _PAGE], data[a : a + _PAGE]
        else:
            data += chance.randbytes(chance.choice([1, 100, _PAGE]))
        yield kind, bytes(data)


def answers(path: Path) -> Any:
    """Open a graph and ask it for all it holds."""
    with Connectome.open(path) as connectome:
        ids = connectome.root_ids().tolist()
        rows = connectome.get_connectivity(ids)
        annotations = connectome.get_annotations(ids)
        return ids, rows.to_numpy().tolist(), annotations.to_csv()


def verify_file(path: Path) -> VerifyReport:
    """Verify a graph as `cavegraph verify` does."""
    with closing(ApartEngine(path)) as engine:
        return verify_graph(engine, progress=False)


def outcome(path: Path, right: Any) -> str:
    """Read a damaged graph in a forked process, and say what came of it, in a word."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        faulthandler.disable()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        signal.alarm(120)
        os.write(writing, _outcome(path, right).encode()[:1000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    return f"ENDED by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else told


def _outcome(path: Path, right: Any) -> str:
    """Do what `verify`, `load --replace` and `Connectome.open` do with a file, in this process.

    "refused" and "right" tell of opening; "seen" is opened and right in all that was asked, or
    wrong in a text that `verify` names.
    """
    try:
        sound = _verified(path)
        EmbeddedWriter(path).existing()
        try:
            found = answers(path)
        except CavegraphError:
            return "WRONG: verified and refused" if sound else "refused"
        if sound:
            return "right" if found == right else "WRONG and not seen"
        return "seen"
    except BaseException as error:  # noqa: BLE001 - what this looks for
        return f"FOREIGN {type(error).__name__}: {error}"


def _verified(path: Path) -> bool:
    try:
        return verify_file(path).ok
    except CavegraphError:
        return False
