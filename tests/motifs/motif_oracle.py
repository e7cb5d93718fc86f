"""Motifs by trying every choice of neurons; knows nothing of plans, groups or engines."""

from __future__ import annotations

from functools import cache
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Pairs = frozenset[tuple[int, int]]


@cache
def connected_motifs(size: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Every directed motif of `size` nodes in one piece, once up to relabeling."""
    slots = [(a, b) for a in range(size) for b in range(size) if a != b]
    seen: set[tuple[tuple[int, int], ...]] = set()
    for count in range(size - 1, len(slots) + 1):
        for chosen in combinations(slots, count):
            if not _in_one_piece(chosen, size):
                continue
            seen.add(
                min(
                    tuple(sorted((p[a], p[b]) for a, b in chosen))
                    for p in permutations(range(size))
                )
            )
    return tuple(sorted(seen, key=lambda m: (len(m), m)))


def _in_one_piece(pairs: Iterable[tuple[int, int]], size: int) -> bool:
    reached, grown = {0}, True
    while grown:
        grown = False
        for a, b in pairs:
            if (a in reached) != (b in reached):
                reached |= {a, b}
                grown = True
    return len(reached) == size


def program(pairs: Iterable[tuple[int, int]], absent: Iterable[tuple[int, int]] = ()) -> str:
    names = "ABCDEFG"
    lines = [f"{names[a]} -> {names[b]}" for a, b in pairs]
    return "\n".join(lines + [f"{names[a]} !> {names[b]}" for a, b in absent])


def mappings(
    neurons: Iterable[int],
    edges: Pairs,
    pairs: Iterable[tuple[int, int]],
    size: int,
    *,
    absent: Iterable[tuple[int, int]] = (),
    induced: bool = False,
    distinct: bool = True,
    accept: Callable[[tuple[int, ...]], bool] = lambda _: True,
) -> list[tuple[int, ...]]:
    """Every tuple of neurons that the motif fits, in ascending order."""
    pairs, absent, neurons = list(pairs), list(absent), sorted(neurons)
    rest = [(a, b) for a in range(size) for b in range(size) if a != b and (a, b) not in pairs]
    choices = permutations(neurons, size) if distinct else product(neurons, repeat=size)
    return [
        m
        for m in choices
        if all((m[a], m[b]) in edges for a, b in pairs)
        and not any((m[a], m[b]) in edges for a, b in absent)
        and not (induced and any((m[a], m[b]) in edges for a, b in rest))
        and accept(m)
    ]


def subgraphs(
    found: Iterable[tuple[int, ...]],
    pairs: Iterable[tuple[int, int]],
    absent: Iterable[tuple[int, int]] = (),
    marked: Iterable[int] = (),
) -> set[object]:
    """What the mappings have found: connections there, connections missing, marked neurons."""
    pairs, absent, marked = list(pairs), list(absent), list(marked)
    return {
        (
            frozenset((m[a], m[b]) for a, b in pairs),
            frozenset((m[a], m[b]) for a, b in absent),
            frozenset(m[i] for i in marked),
        )
        for m in found
    }
