"""What holds for all that a thread does for somebody else: its stop, its notices, its progress."""

from __future__ import annotations

import threading
import warnings

import pytest

from graphapi.common.notices import collected, notice
from graphapi.common.progress import Progress, told_to
from graphapi.common.threads import Stop, StoppedError, stop_around, stopped_by
from graphapi.errors import QueryTimeoutError


def test_every_stop_within_holds_when_the_one_around_does() -> None:
    around = Stop()
    with stopped_by(around):
        inner = Stop(100)
        inner.check()
        around.set()
        with pytest.raises(StoppedError):
            inner.check()
    assert stop_around() is None
    Stop(100).check()


def test_a_stop_without_a_limit_has_the_one_around() -> None:
    with stopped_by(Stop(0)):
        assert Stop().timeout == 0
        with pytest.raises(QueryTimeoutError):
            Stop(100).check()


def test_notices_are_collected_for_this_thread_alone() -> None:
    seen: list[str] = []

    def other() -> None:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            notice("theirs")
        seen.extend(str(one.message) for one in found)

    with collected() as mine:
        notice("mine", DeprecationWarning)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert mine == [(DeprecationWarning, "mine")]
    assert seen == ["theirs"]
    with pytest.warns(UserWarning, match="after"):
        notice("after")


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int | None]] = []
    with told_to(lambda *step: told.append(step)), Progress("Reading", 3) as bar:
        bar.advance()
        bar.advance(2)
    assert told == [("Reading", 0, 3), ("Reading", 1, 3), ("Reading", 3, 3)]
    with Progress("Reading", 1) as bar:
        bar.advance()
    assert len(told) == 3
