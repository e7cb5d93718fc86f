"""Symmetries of patterns, against trying all permutations."""

from __future__ import annotations

from itertools import permutations

import pytest
from motif_oracle import connected_motifs, program

from graphapi.errors import MotifError
from graphapi.motifs.dsl import parse
from graphapi.motifs.pattern import Symmetry, declared_orders

EVERY_MOTIF = [m for size in (2, 3, 4) for m in connected_motifs(size)]


def _size(pairs: tuple[tuple[int, int], ...]) -> int:
    return 1 + max(max(pair) for pair in pairs)


def _pattern(pairs: tuple[tuple[int, int], ...], extra: str = ""):
    """The pattern with nodes numbered as in `pairs`: names are mentioned in this order."""
    pattern = parse(program(pairs) + "\n" + extra)
    names = [name for name in "ABCD" if name in pattern.names]
    return pattern, {letter: pattern.names.index(letter) for letter in names}


def test_there_are_as_many_motifs_as_published() -> None:
    assert [len(connected_motifs(size)) for size in (2, 3, 4)] == [2, 13, 199]


@pytest.mark.parametrize("size", [2, 3, 4])
def test_relabelings_are_those_that_keep_every_connection(size: int) -> None:
    for pairs in connected_motifs(size):
        pattern, at = _pattern(pairs)
        place = [at[letter] for letter in "ABCD"[:size]]
        expected = {
            tuple(perm)
            for perm in permutations(range(size))
            if {(perm[a], perm[b]) for a, b in pairs} == set(pairs)
        }
        found = {
            tuple(place.index(one[place[i]]) for i in range(size))
            for one in Symmetry(pattern).relabelings()
        }
        assert found == expected, pairs


def test_orders_pick_exactly_one_of_equivalent_matches() -> None:
    """For all 214 motifs, all bases of the chain, and all orders of the neurons' ids."""
    for pairs in EVERY_MOTIF:
        size = _size(pairs)
        pattern, at = _pattern(pairs)
        place = [at[letter] for letter in "ABCD"[:size]]
        classes: dict[frozenset[tuple[int, int]], list[tuple[int, ...]]] = {}
        for ids in permutations(range(size)):
            classes.setdefault(frozenset((ids[a], ids[b]) for a, b in pairs), []).append(ids)
        for base in permutations(range(size)):
            orders = [(place.index(a), place.index(b)) for a, b in Symmetry(pattern).orders(base)]
            for members in classes.values():
                chosen = [ids for ids in members if all(ids[a] < ids[b] for a, b in orders)]
                assert len(chosen) == 1, (pairs, base, orders)


def test_a_large_star_needs_no_list_of_its_symmetries() -> None:
    leaves = 12
    pattern = parse("\n".join(f"hub -> leaf{i}" for i in range(leaves)))
    orders = Symmetry(pattern).orders()
    assert len(orders) == leaves * (leaves - 1) // 2


@pytest.mark.parametrize(
    ("extra", "symmetric"),
    [
        ("", True),
        ("A.type = KC", False),
        ("A.type = KC\nB.type = KC", True),
        ("A.size > B.size", False),
        ("A.size != B.size", True),
        ("A.size = B.size", True),
        ("A.size != C.size\nB.size != C.size", True),
        ("A.size != C.size", False),
        ("A -> C [weight > 5]", False),
        ("A -> C [weight > 5]\nB -> C [weight > 5]", True),
        ("A -> C as ac\nB -> C as bc\nac.weight > bc.weight", False),
        ("A -> C as ac\nB -> C as bc\nac.weight = bc.weight", True),
        ("A !> B", False),
        ("A !> B\nB !> A", True),
        ("C !> A", False),
    ],
)
def test_conditions_take_part_in_symmetry(extra: str, symmetric: bool) -> None:
    pattern = parse(f"A -> C\nB -> C\n{extra}")
    a, b = pattern.names.index("A"), pattern.names.index("B")
    assert (b in Symmetry(pattern).orbit(a)) == symmetric


def test_signs_take_part_in_symmetry() -> None:
    assert Symmetry(parse("A -> C\nB -> C")).orders() == [(0, 2)]
    assert Symmetry(parse("A -> C\nB -| C")).orders() == []


def test_without_direction_a_path_can_be_turned_round() -> None:
    assert Symmetry(parse("A -> B\nB -> C")).orders() == []
    assert Symmetry(parse("A -> B\nB -> C", ignore_direction=True)).orders() == [(0, 2)]


def test_declared_groups_move_only_their_members() -> None:
    bifan = "A -> C\nA -> D\nB -> C\nB -> D\n"
    names = parse(bifan).names
    a, b = names.index("A"), names.index("B")
    assert declared_orders(parse(bifan)) == []
    assert declared_orders(parse(bifan + "A === B")) == [(a, b)]
    assert len(declared_orders(parse(bifan + "A === B\nC === D"))) == 2


def test_a_false_declaration_points_at_its_line() -> None:
    with pytest.raises(MotifError, match="line 2") as error:
        declared_orders(parse("A -> B\nA === B"))
    assert "2 | A === B" in str(error.value)
