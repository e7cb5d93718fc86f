"""The 16 classes of triads, and the roles that neurons take in them.

Names are those of Holland and Leinhardt as networkx spells them: how many mutual, asymmetric and
null pairs, and a letter where that leaves more than one class. Positions of a triad that a
symmetry maps onto each other are one role; the classes have 36 roles in all.

A triad of nodes (u, v, w) is coded in 6 bits, two for each of the pairs uv, vw, uw, in this
order: bit 0 for the forward direction, bit 1 for the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

#: A pair as seen from its first node.
OUT, IN, BOTH = 1, 2, 3
#: The three pairs of a coded triad, as places in (u, v, w).
PAIRS = ((0, 1), (1, 2), (0, 2))


@dataclass(frozen=True)
class Triad:
    """One class of triads.

    Parameters
    ----------
    name
        As in networkx.
    edges
        Ordered pairs of places 0, 1, 2.
    roles
        Role of the neuron at each place; equal names are one role.
    title
        The class in words.
    """

    name: str
    edges: tuple[tuple[int, int], ...]
    roles: tuple[str, str, str]
    title: str

    @property
    def connected(self) -> bool:
        """Whether its three neurons are in one component."""
        return len({frozenset(edge) for edge in self.edges}) >= 2

    @property
    def closed(self) -> bool:
        """Whether all three pairs are connected."""
        return len({frozenset(edge) for edge in self.edges}) == 3


TRIADS = (
    Triad("003", (), ("isolated", "isolated", "isolated"), "no connection"),
    Triad("012", ((0, 1),), ("source", "target", "isolated"), "one connection"),
    Triad("102", ((0, 1), (1, 0)), ("mutual", "mutual", "isolated"), "reciprocal pair"),
    Triad("021D", ((1, 0), (1, 2)), ("target", "source", "target"), "divergence"),
    Triad("021U", ((0, 1), (2, 1)), ("source", "target", "source"), "convergence"),
    Triad("021C", ((0, 1), (1, 2)), ("source", "relay", "target"), "chain"),
    Triad(
        "111D", ((0, 1), (1, 0), (2, 1)), ("mutual", "hub", "source"), "input to a reciprocal pair"
    ),
    Triad(
        "111U",
        ((0, 1), (1, 0), (1, 2)),
        ("mutual", "hub", "target"),
        "output of a reciprocal pair",
    ),
    Triad("030T", ((0, 1), (1, 2), (0, 2)), ("source", "relay", "target"), "feed-forward loop"),
    Triad("030C", ((0, 1), (1, 2), (2, 0)), ("cycle", "cycle", "cycle"), "three-cycle"),
    Triad(
        "201",
        ((0, 1), (1, 0), (1, 2), (2, 1)),
        ("mutual", "hub", "mutual"),
        "two reciprocal pairs",
    ),
    Triad(
        "120D",
        ((1, 0), (1, 2), (0, 2), (2, 0)),
        ("mutual", "source", "mutual"),
        "divergence on a reciprocal pair",
    ),
    Triad(
        "120U",
        ((0, 1), (2, 1), (0, 2), (2, 0)),
        ("mutual", "target", "mutual"),
        "convergence from a reciprocal pair",
    ),
    Triad(
        "120C",
        ((0, 1), (1, 2), (0, 2), (2, 0)),
        ("first", "relay", "last"),
        "chain within a reciprocal pair",
    ),
    Triad(
        "210",
        ((0, 1), (1, 0), (1, 2), (2, 1), (0, 2)),
        ("source", "hub", "target"),
        "two reciprocal pairs and a connection",
    ),
    Triad(
        "300",
        ((0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)),
        ("clique", "clique", "clique"),
        "three reciprocal pairs",
    ),
)

NAMES = tuple(triad.name for triad in TRIADS)
#: The 13 connected classes, which are called motifs.
CONNECTED = tuple(triad.name for triad in TRIADS if triad.connected)
#: (class, role) of each of the 36 roles, in the order of the columns of a role table.
ROLES = tuple((triad.name, role) for triad in TRIADS for role in dict.fromkeys(triad.roles))


@dataclass(frozen=True)
class Codes:
    """The meaning of each of the 64 codes.

    Parameters
    ----------
    triad
        uint8, (64,): position of its class in `TRIADS`.
    role
        uint8, (64, 3): position in `ROLES` of the roles of u, v and w.
    place
        uint8, (64, 3): which of u, v, w is at places 0, 1, 2 of the class.
    """

    triad: npt.NDArray[np.uint8]
    role: npt.NDArray[np.uint8]
    place: npt.NDArray[np.uint8]


@cache
def codes() -> Codes:
    """Make the tables of the 64 codes."""
    triad = np.zeros(64, dtype=np.uint8)
    role = np.zeros((64, 3), dtype=np.uint8)
    place = np.zeros((64, 3), dtype=np.uint8)
    known = {role: k for k, role in enumerate(ROLES)}
    for which, each in enumerate(TRIADS):
        for order in permutations(range(3)):
            # order[p] is the node (u, v or w) at place p of the class.
            edges = tuple((order[a], order[b]) for a, b in each.edges)
            code = sum(pair_type(edges, *pair) << (2 * k) for k, pair in enumerate(PAIRS))
            triad[code] = which
            for p, node in enumerate(order):
                role[code, node] = known[each.name, each.roles[p]]
            place[code] = order
    return Codes(triad, role, place)


def pair_type(edges: tuple[tuple[int, int], ...], a: int, b: int) -> int:
    """Return the pair of places a, b as seen from a: 0 for no connection."""
    return ((a, b) in edges) * OUT + ((b, a) in edges) * IN
