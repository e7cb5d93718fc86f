"""One Neo4j server as a child process: its folder, configuration, start and stop."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import neo4j

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .maven import Distribution

_KEEPER = Path(__file__).with_name("keeper.py")
_PATIENCE = 120.0  # seconds; a start takes about five on an idle machine
_STEADY = ("-XX:+UseParallelGC",)
#: The second compiler costs ten seconds of CPU before a server has answered anything.
_QUICK = (
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    # and to verify the classes of jars that Maven has checked, two seconds
    *("-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"),
)
_OPENED = (
    "java.base/java.nio=ALL-UNNAMED",
    "java.base/java.io=ALL-UNNAMED",
    "java.base/sun.nio.ch=ALL-UNNAMED",
    "java.base/java.util.concurrent=ALL-UNNAMED",
    "java.base/java.lang=ALL-UNNAMED",
)
_WRONG = re.compile(r" ERROR |^Caused by")


class ServerStartError(Exception):
    """The server did not come up; the message ends with its log."""


class LocalServer:
    """A server on loopback with authentication on.

    Parameters
    ----------
    distribution
        Its jars.
    home
        Its folder: configuration, data, logs, and `server.json` with address and password
        (readable by its owner only). Made where missing; what data it holds is kept.
    bolt_port, http_port
        0 for free ones.
    heap, page_cache
        Memory, as Java and Neo4j write it.
    quick
        Start in half the time and answer long queries more slowly: for tests.
    settings
        More lines for `neo4j.conf`.
    detached
        Whether it goes on after this process has ended; by default it dies with it.
    """

    user = "neo4j"

    def __init__(
        self,
        distribution: Distribution,
        home: Path,
        *,
        bolt_port: int = 0,
        http_port: int = 0,
        heap: str = "1g",
        page_cache: str = "256m",
        detached: bool = False,
        quick: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.distribution = distribution
        self.home = home.absolute()
        self.password = secrets.token_urlsafe(16)
        self._wanted = (bolt_port, http_port)
        self._memory = (heap, page_cache)
        self._detached = detached
        self._jvm = _QUICK if quick else _STEADY
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = self.http_url = ""

    def start(self) -> LocalServer:
        """Start and wait until it answers.

        Raises
        ------
        ServerStartError
            It ended, or did not answer in time.
        """
        self.prepare()
        state = self.home / "server.json"
        is_new = not state.exists()
        if not is_new:
            self.password = json.loads(state.read_text())["password"]
        for attempt in range(3):  # another process may take a free port before the server does
            bolt, http = self._wanted[0] or free_port(), self._wanted[1] or free_port()
            self._configure(bolt, http)
            self._launch()
            try:
                self._await_answer()
            except ServerStartError as error:
                self.stop(at_once=True)
                if attempt < 2 and "in use" in str(error) and not all(self._wanted):
                    continue
                raise
            if is_new:
                self._set_password()
            self._remember()
            return self
        raise AssertionError("unreachable")

    def prepare(self) -> None:
        """Make the folder and its configuration, without a start; enough for an import."""
        for name in ("conf", "logs", "import"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self._configure(*self._wanted)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it and wait; safe to call twice. The data stays.

        Parameters
        ----------
        at_once
            Kill it: saves the ten seconds of an orderly stop where the data is not needed,
            or may be recovered by the next start.
        """
        process, self._process = self._process, None
        if process is None:
            return
        # The keeper passes on the one, and answers the other by killing.
        process.send_signal(signal.SIGUSR1 if at_once and not self._detached else signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()

    def log(self) -> str:
        """Give the end of what the server printed, and its log's words on what went wrong."""
        logs = self.home / "logs"
        texts = [path.read_text(errors="replace") for path in sorted(logs.glob("*.log"))]
        told = [line for text in texts[1:] for line in text.splitlines() if _WRONG.search(line)]
        return "\n".join([texts[0][-2000:] if texts else "", *told[-20:]])

    def _set_password(self) -> None:
        with neo4j.GraphDatabase.driver(self.uri, auth=(self.user, "neo4j")) as driver:
            driver.execute_query(
                "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new",
                new=self.password,
                database_="system",
            )

    def _configure(self, bolt: int, http: int) -> None:
        self.uri, self.http_url = f"bolt://127.0.0.1:{bolt}", f"http://127.0.0.1:{http}"
        settings = {
            "server.default_listen_address": "127.0.0.1",
            "server.bolt.listen_address": f"127.0.0.1:{bolt}",
            "server.bolt.advertised_address": f"127.0.0.1:{bolt}",
            "server.http.listen_address": f"127.0.0.1:{http}",
            "server.http.advertised_address": f"127.0.0.1:{http}",
            "server.https.enabled": "false",
            "server.directories.import": str(self.home / "import"),
            "server.directories.plugins": str(self.distribution.folder / "plugins"),
            "server.memory.pagecache.size": self._memory[1],
            "dbms.security.auth_enabled": "true",
            "dbms.security.procedures.unrestricted": "apoc.*",
            "dbms.usage_report.enabled": "false",
            "client.allow_telemetry": "false",  # Neo4j Browser's own
            "db.tx_log.preallocate": "false",
            **self._settings,
        }
        lines = [f"{key}={value}\n" for key, value in settings.items()]
        (self.home / "conf" / "neo4j.conf").write_text("".join(lines))

    def _launch(self) -> None:
        command = [self.distribution.java, f"-Xmx{self._memory[0]}", *self._jvm]
        command += [f"--add-opens={package}" for package in _OPENED]
        command += ["-Dfile.encoding=UTF-8", "-cp", self.distribution.class_path]
        command += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}"]
        command += [f"--config-dir={self.home / 'conf'}"]
        stdin = subprocess.DEVNULL
        if not self._detached:
            command = [sys.executable, str(_KEEPER), *command]
            stdin = subprocess.PIPE
        with (self.home / "logs" / "console.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=stdin, stdout=log, stderr=log, start_new_session=True
            )

    def _await_answer(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerStartError(f"the Neo4j server ended at once:\n{self.log()}")
            if answers(self.http_url):
                return
            time.sleep(0.1)
        raise ServerStartError(f"no answer from Neo4j after {_PATIENCE:.0f} s:\n{self.log()}")

    def _remember(self) -> None:
        assert self._process is not None
        state = {
            "pid": self._process.pid,
            "uri": self.uri,
            "http_url": self.http_url,
            "user": self.user,
            "password": self.password,
        }
        path = self.home / "server.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(state, indent=2))


def admin_command(
    distribution: Distribution, home: Path, *arguments: str, quick: bool = False
) -> list[str]:
    """Give the argv of `neo4j-admin` for a server's folder; needs no environment.

    Where it is `quick`, small imports take less time and large ones more: for tests.

    Examples
    --------
    ``subprocess.run(admin_command(d, home, "database", "import", "full", "neo4j", ...))``,
    with the server of that folder stopped.
    """
    env = shutil.which("env") or "env"
    return [
        *(env, f"NEO4J_HOME={home}", f"NEO4J_CONF={home / 'conf'}"),
        *(distribution.java, *(_QUICK if quick else ())),
        *(f"--add-opens={package}" for package in _OPENED),
        *("-cp", distribution.class_path, "org.neo4j.cli.AdminTool", *arguments),
    ]


def answers(http_url: str) -> bool:
    """Tell whether a server answers over HTTP; it opens Bolt before that."""
    try:
        with urllib.request.urlopen(http_url, timeout=2) as reply:  # noqa: S310 - ours
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """Find a TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop_pid(pid: int, home: Path) -> bool:
    """Stop a detached server if `pid` still is the one of `home`; tell whether it was."""
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True)
    if f"--home-dir={home}" not in shown.stdout.decode(errors="replace"):
        return False
    os.kill(pid, signal.SIGTERM)
    for _ in range(300):
        time.sleep(0.1)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
    os.kill(pid, signal.SIGKILL)
    return True
