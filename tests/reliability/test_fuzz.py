"""A small part of the fuzzing behind docs/reliability.md."""

from __future__ import annotations

import pytest

from .fuzz import READ, REFUSED, TARGETS, Target, fuzz


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name.replace(" ", "-"))
def test_it_is_read_or_refused_by_an_error_of_ours(target: Target) -> None:
    counts = fuzz(target, 40)
    assert sum(counts.values()) >= 20
    assert set(counts) == {READ, REFUSED}
    assert all(counts.values())
