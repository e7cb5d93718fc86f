"""What was tried against the product on purpose, what holds now, and the test that says so."""

# ruff: noqa: E501  (sentences of a page)

from __future__ import annotations

from typing import NamedTuple


class Attack(NamedTuple):
    """One kind of attack: a line of docs/reliability.md."""

    tried: str
    holds: str
    #: File of the tests, from the repository's root; `::name` for one of them.
    test: str


ATTACKS = (
    Attack(
        "`--work` or `neo4j-import:` names a folder with other files in it",
        "refused, and nothing in it is touched: a load writes into an empty folder or one of its own, and removes only files that it has listed",
        "tests/loader/test_work_folder.py",
    ),
)


def table() -> str:
    """Write the section of the page."""
    lines = ["## Attacks", "", "| tried | what holds | test |", "|---|---|---|"]
    lines += [f"| {a.tried} | {a.holds} | `{a.test}` |" for a in ATTACKS]
    return "\n".join(lines) + "\n"
