"""The transmitter of each neuron, from its annotation tables.

A table names transmitters in one column, or has an average score for each of several. Its
words become ours; a text that is not the name of a transmitter is left out and reported,
never guessed. Of several tables, the first that names one decides, as for other fields.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.transmitters import TRANSMITTERS, says_not_known, transmitter
from loader.stages.merge import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

#: Properties that a neuron gets.
FIELDS = ("transmitter", "transmitter_score", "transmitter_source")
#: Most unknown texts that a note lists.
_LISTED = 8


@dataclass(frozen=True)
class Told:
    """One table that names transmitters.

    Parameters
    ----------
    rows
        The table, with `root_id`.
    columns
        `transmitter`, and `transmitter_score` where there is one, or our words for
        transmitters, to columns: names, scores, or averages.
    source
        The table and its columns, for people.
    """

    rows: pa.Table
    columns: Mapping[str, str]
    source: str


@dataclass(frozen=True)
class Found:
    """The transmitters of all neurons.

    Parameters
    ----------
    table
        `root_id` ascending, each once, and `FIELDS`.
    conflicts
        Neurons whose rows name different transmitters.
    notes
        Texts that were left out.
    """

    table: pa.Table
    conflicts: list[Conflict]
    notes: list[str]


def transmitters(tables: Sequence[Told]) -> Found:
    """Find the transmitter of each neuron in tables, which come in order of precedence."""
    import pyarrow as pa

    roots: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    sources: list[np.ndarray] = []
    notes: list[str] = []
    for number, told in enumerate(tables):
        code, score, left_out = _read(told)
        notes += left_out
        ids = told.rows["root_id"]
        usable = ids.is_valid().to_numpy(zero_copy_only=False) & (code >= 0)
        roots.append(ids.fill_null(0).to_numpy()[usable])
        codes.append(code[usable])
        scores.append(score[usable])
        sources.append(np.full(int(usable.sum()), number))
    root, code = np.concatenate(roots), np.concatenate(codes)
    every, first = np.unique(root, return_index=True)
    score = np.concatenate(scores)[first]
    words = np.array(TRANSMITTERS, dtype=object)
    table = pa.table(
        {
            "root_id": pa.array(every, pa.int64()),
            "transmitter": pa.array(words[code[first]], pa.string()),
            "transmitter_score": pa.array(score, pa.float64(), mask=np.isnan(score)),
            "transmitter_source": pa.array(
                np.array([t.source for t in tables], dtype=object)[np.concatenate(sources)[first]],
                pa.string(),
            ),
        }
    )
    return Found(table, _conflicts(root, code), notes)


def _read(told: Told) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the code (-1 for none) and the score (NaN for none) of each row, and notes."""
    if "transmitter" not in told.columns:
        return (*_highest(told), [])
    code, left_out = _named(told)
    return code, _scores(told), left_out


def _named(told: Told) -> tuple[np.ndarray, list[str]]:
    import pyarrow as pa

    column = told.rows[told.columns["transmitter"]].cast(pa.string()).combine_chunks()
    coded = column.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    ours = [transmitter(text) for text in texts]
    codes = np.array([-1 if w is None else TRANSMITTERS.index(w) for w in ours] + [-1])
    place = coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    unknown = {
        number: text
        for number, (text, word) in enumerate(zip(texts, ours, strict=True))
        if word is None and not says_not_known(text)
    }
    counts = Counter({unknown[n]: int((place == n).sum()) for n in unknown})
    return codes[place], left_out(counts, told.source)


def left_out(counts: Counter[str], source: str) -> list[str]:
    """Return the note about texts that are not names of transmitters; none if there are none."""
    if not counts:
        return []
    shown = ", ".join(f"'{text}' ({rows:,} rows)" for text, rows in counts.most_common(_LISTED))
    more = f" and {len(counts) - _LISTED} more" if len(counts) > _LISTED else ""
    return [f"{source}: not names of transmitters, so left out: {shown}{more}"]


def _scores(told: Told) -> np.ndarray:
    import pandas as pd

    name = told.columns.get("transmitter_score")
    if name is None:
        return np.full(told.rows.num_rows, np.nan)
    values = pd.to_numeric(told.rows[name].to_pandas(), errors="coerce")
    return np.asarray(values, dtype=np.float64)


def _highest(told: Told) -> tuple[np.ndarray, np.ndarray]:
    """Take the transmitter with the highest average; none if two are equal or all are 0."""
    words = list(told.columns)
    values = np.column_stack(
        [np.asarray(told.rows[told.columns[w]].to_pandas(), dtype=np.float64) for w in words]
    )
    values = np.nan_to_num(values, nan=0.0)
    score = values.max(axis=1, initial=0.0)
    clear = (score > 0) & ((values == score[:, None]).sum(axis=1) == 1)
    codes = np.array([TRANSMITTERS.index(w) for w in words])
    return np.where(clear, codes[values.argmax(axis=1)], -1), np.where(clear, score, np.nan)


def _conflicts(root: np.ndarray, code: np.ndarray) -> list[Conflict]:
    """List neurons whose rows name more than one transmitter; rows come in order."""
    pairs = np.unique(np.column_stack([root, code]), axis=0)
    several, counts = np.unique(pairs[:, 0], return_counts=True)
    disputed = several[counts > 1]
    found: dict[int, dict[str, None]] = {}
    mine = np.isin(root, disputed)
    for one, which in zip(root[mine].tolist(), code[mine].tolist(), strict=True):
        found.setdefault(one, {})[TRANSMITTERS[which]] = None
    return [
        Conflict(one, "transmitter", tuple(words), next(iter(words)))
        for one, words in sorted(found.items())
    ]
