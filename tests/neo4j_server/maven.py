"""Puts the real Neo4j server together from Maven Central, once, into the user's cache."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterator

_POM = Path(__file__).with_name("pom.xml")
_OLDEST_JAVA = 17
_PATIENCE = 600  # seconds that one download of 130 MB may take


class MavenUnavailableError(Exception):
    """Maven or Java is missing, too old, or could not fetch the server."""


@dataclass(frozen=True)
class Distribution:
    """The jars of a server: `lib` (the server) and `plugins` (APOC core)."""

    folder: Path
    java: str

    @property
    def class_path(self) -> str:
        """The class path, with the plugins first as in the packaged server."""
        return f"{self.folder / 'plugins'}/*:{self.folder / 'lib'}/*"


def maven_obstacle() -> str | None:
    """Say why a server cannot be assembled here; None where it can."""
    if shutil.which("mvn") is None:
        return "no `mvn` on the PATH"
    java = shutil.which("java")
    if java is None:
        return "no `java` on the PATH"
    version = _java_version(java)
    if version < _OLDEST_JAVA:
        return f"`java` is version {version}, not {_OLDEST_JAVA} or newer"
    return None


def assemble(cache: Path | None = None) -> Distribution:
    """Give the server's jars, fetched on the first call and cached after it.

    Parameters
    ----------
    cache
        Where to keep them; None for the user's cache folder. Processes that call this at
        the same time wait for the one that fetches.

    Raises
    ------
    MavenUnavailableError
        They cannot be had here; the message tells why.
    """
    if obstacle := maven_obstacle():
        raise MavenUnavailableError(obstacle)
    root = cache or cache_folder()
    root.mkdir(parents=True, exist_ok=True)
    # The name changes with the list of artifacts, so an old cache is never taken for a new one.
    folder = root / f"neo4j-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}"
    with _locked(root / f"{folder.name}.lock"):
        if not folder.exists():
            _fetch(folder)
    return Distribution(folder, shutil.which("java") or "java")


def cache_folder() -> Path:
    """Give the folder where servers are kept between runs."""
    return platformdirs.user_cache_path("cavegraph") / "neo4j-server"


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "server"
        lib, plugins = made / "lib", made / "plugins"
        plugins.mkdir(parents=True)
        pom = Path(shutil.copy(_POM, scratch))
        _run_maven(pom, lib)
        for jar in lib.glob("apoc-*.jar"):
            jar.rename(plugins / jar.name)
        if len(list(plugins.iterdir())) != 2:
            raise MavenUnavailableError("Maven did not give the two jars of APOC core")
        made.rename(folder)  # whole or not at all: a killed run leaves no half server


def _run_maven(pom: Path, lib: Path) -> None:
    command = ["mvn", "-B", "-q", "--strict-checksums", "-f", str(pom)]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={lib}"]
    command += ["-DincludeScope=runtime"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise MavenUnavailableError(f"Maven was not done after {_PATIENCE} s") from error
    if done.returncode != 0:
        raise MavenUnavailableError(f"Maven failed:\n{(done.stdout + done.stderr)[-2000:]}")


def _java_version(java: str) -> int:
    told = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    match = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(match[1]) if match else 0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl  # the Maven way is for POSIX systems; others use Docker or a given server

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
