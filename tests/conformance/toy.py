"""A hand-drawn connectome: small enough to check by eye, with every odd case in it.

::

    1 ==5=> 2 ==1=> 1          a reciprocal pair
    1 ==5=> 3 ==2=> 4 ==3=> 1  a cycle of three; 1->2 and 1->3 tie in weight
    5 ==7=> 1                  an un-annotated partner
    6                          autapse only
    7                          annotated, no synapse
    8 ==1=> 0                  background only
    9 ==4=> 2, 9 ==4=> 3       an id above 2**53 whose float neighbour is 10
"""

from __future__ import annotations

import pandas as pd

BASE = 576460752700000000


def ids(*numbers: int) -> list[int]:
    """Root ids as large as real ones; neighbours differ by one, which a float cannot hold."""
    return [BASE + number for number in numbers]


_PAIRS = {
    (1, 2): 5,
    (2, 1): 1,
    (1, 3): 5,
    (3, 4): 2,
    (4, 1): 3,
    (5, 1): 7,
    (6, 6): 2,
    (9, 2): 4,
    (9, 3): 4,
}
ROWS = pd.DataFrame(
    [(BASE + a, BASE + b) for (a, b), weight in _PAIRS.items() for _ in range(weight)]
    + [(BASE + 8, 0), (0, BASE + 1)],
    columns=["pre", "post"],
)
ANNOTATIONS = [
    {"root_id": BASE + 1, "cell_class": "ER", "side": "left", "region": ["CX"], "proofread": True},
    {"root_id": BASE + 2, "cell_class": "EBc", "side": "right", "region": ["CX", "LAL"]},
    {"root_id": BASE + 3, "cell_class": "er", "side": "left", "proofread": False, "size_um": 12.5},
    {"root_id": BASE + 4, "cell_class": "PFN?", "region": ["LAL"], "size_um": 3.0},
    {"root_id": BASE + 4, "cell_class": "EPG/PEG", "side": "left"},
    {"root_id": BASE + 7, "cell_class": None, "side": "right"},
]
