"""The transmitter of each connection, from the rows of the source."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from graphapi.common.transmitters import says_not_known, transmitter
from graphapi.errors import SourceSchemaError
from loader.stages import aggregate
from loader.stages.transmitters import left_out
from loader.work.duck import identifier, one_row

if TYPE_CHECKING:
    import duckdb

    from loader.work.steps import RowsInfo

#: Most different texts of transmitters that are looked at; real tables have ten.
_MOST_TEXTS = 1_000


def with_votes(
    backend: Any, rows: Any, info: RowsInfo, rule: aggregate.Rule
) -> tuple[Any, list[str]]:
    """Add what each row votes for; notes list the texts that are not transmitters."""
    scores = [name for name in info.extras if name.startswith(aggregate.SCORE)]
    if scores:
        return aggregate.with_votes(rows, rule, {}, scores), []
    if "transmitter" not in info.extras:
        return rows, []
    column = info.extras["transmitter"]
    texts = rows.group_by("transmitter").aggregate(rows=rows.count()).limit(_MOST_TEXTS + 1)
    found = backend.to_pyarrow(texts).to_pydict()
    if len(found["rows"]) > _MOST_TEXTS:
        raise SourceSchemaError(
            f"connections, column '{column}': more than {_MOST_TEXTS:,} different texts, which "
            "are not transmitters",
            hint="name another column with --column transmitter=NAME; transmitter=none reads none",
        )
    texts_of = zip(found["transmitter"], found["rows"], strict=True)
    counts = {text: rows for text, rows in texts_of if text is not None}
    spellings: dict[str, list[str]] = {}
    for text in counts:
        if word := transmitter(text):
            spellings.setdefault(word, []).append(text)
    unknown = Counter(
        {t: n for t, n in counts.items() if not transmitter(t) and not says_not_known(t)}
    )
    notes = left_out(unknown, f"connections, {column}")
    return aggregate.with_votes(rows, rule, spellings, []), notes


def votes(summed: Any) -> list[str]:
    """Return the columns of votes for transmitters."""
    return [name for name in summed.columns if name.startswith(aggregate.SCORE)]


def disputed(connection: duckdb.DuckDBPyConnection, summed: Any, info: RowsInfo) -> list[str]:
    """Note the connections whose rows name more than one transmitter."""
    names = votes(summed)
    if not names or "transmitter" not in info.extras:
        return []
    named = " + ".join(f"({identifier(name)} > 0)::INT" for name in names)
    found = one_row(connection, f"SELECT count(*) AS n FROM pairs WHERE {named} > 1")["n"]
    if not found:
        return []
    said = f"{found:,} pairs of neurons have rows of several transmitters"
    return [f"{said}: the one with most synapses was kept, none if two are tied"]
