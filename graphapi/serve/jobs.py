"""Long work: started, asked about, cancelled; and cancelled by itself if nobody asks any more."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from graphapi.common.notices import collected
from graphapi.common.progress import told_to
from graphapi.common.threads import Stop, StoppedError, stopped_by
from graphapi.errors import CavegraphError
from graphapi.serve.replies import RefusalError, error_json, failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphapi.serve.answer import Answer
    from graphapi.serve.settings import Settings

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class Watched(Stop):
    """A stop that also holds when nobody has asked about the work for some seconds."""

    def __init__(self, timeout: float | None, patience: float) -> None:
        super().__init__(timeout)
        self._patience = patience
        self._asked = time.monotonic()

    def look(self) -> None:
        """Somebody has asked."""
        self._asked = time.monotonic()

    def check(self) -> None:
        """Raise an error if this work has to stop; see `Stop.check`."""
        if time.monotonic() - self._asked > self._patience:
            self.set()
        super().check()


@dataclass
class Job:
    """One long work.

    Attributes
    ----------
    name
        Its question.
    stop
        Stops it.
    state
        How far it is.
    progress
        Title, units done and total of its present step; None if it has told nothing.
    answer, notes
        The answer once it is done.
    error
        What went wrong, as JSON.
    """

    name: str
    stop: Watched
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: State = "waiting"
    progress: tuple[str, int, int | None] | None = None
    answer: Answer | None = None
    notes: list[tuple[type[Warning], str]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    begun: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what a page needs to know."""
        step = None
        if self.progress is not None:
            step = dict(zip(("title", "done", "total"), self.progress, strict=True))
        return {
            "job": self.id,
            "question": self.name,
            "state": self.state,
            "progress": step,
            "seconds": round((self.ended or time.monotonic()) - self.begun, 3),
            "error": None if self.error is None else self.error["error"],
        }


class Jobs:
    """All long work of a server; safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(settings.jobs_at_once, thread_name_prefix="cavegraph-job")
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], Answer]) -> Job:
        """Start work, or let it wait for its turn.

        Raises
        ------
        RefusalError
            Too many others are waiting: status 503.
        """
        limits = self._settings
        job = Job(name, Watched(limits.job_seconds, limits.unwatched))
        with self._lock:
            self._forget_old()
            open_jobs = sum(one.ended is None for one in self._jobs.values())
            if open_jobs >= limits.jobs_at_once + limits.jobs_waiting:
                raise RefusalError(
                    503,
                    "busy",
                    f"{open_jobs} long questions are being answered or waiting",
                    hint="ask again when one has ended",
                    retry_after=10,
                )
            self._jobs[job.id] = job
        self._pool.submit(self._run, job, work)
        return job

    def find(self, job_id: str) -> Job:
        """Return a job; asking about it keeps it alive.

        Raises
        ------
        RefusalError
            There is none: status 404.
        """
        with self._lock:
            self._forget_old()
            job = self._jobs.get(job_id)
        if job is None:
            raise RefusalError(
                404, "job", "there is no such job", hint="a result is kept for a short while only"
            )
        job.stop.look()
        return job

    def cancel(self, job_id: str) -> Job:
        """Stop a job."""
        job = self.find(job_id)
        job.stop.set()
        with self._lock:
            if job.state == "waiting":
                job.state, job.ended = "cancelled", time.monotonic()
        return job

    def close(self) -> None:
        """Stop all jobs."""
        with self._lock:
            for job in self._jobs.values():
                job.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[], Answer]) -> None:
        with self._lock:
            if job.state != "waiting":
                return
            job.state = "running"

        def told(title: str, done: int, total: int | None) -> None:
            job.progress = (title, done, total)

        state: State = "failed"
        try:
            with collected() as job.notes, told_to(told), stopped_by(job.stop):
                job.stop.check()
                job.answer = work()
            state = "done"
        except StoppedError:
            state = "cancelled"
        except CavegraphError as error:
            job.error = error_json(error)
        except Exception as error:  # noqa: BLE001  (the page has to be told that it failed)
            job.error = error_json(failed(error))
        job.state, job.ended = state, time.monotonic()

    def _forget_old(self) -> None:
        now = time.monotonic()
        for job in list(self._jobs.values()):
            if job.ended is not None and now - job.ended > self._settings.job_kept:
                del self._jobs[job.id]
