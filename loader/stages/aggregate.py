"""From synapse rows to connections and totals: one set of expressions for any Ibis engine.

Nothing here knows where the rows are or who computes: the same expressions run on DuckDB
and on Spark. Rows have one of two layouts:

- *synapse rows*: `pre`, `post` int64 (null where not known), and where the source has them
  `size` (any number) and `valid` (bool);
- *weighted pairs*: `pre`, `post`, `weight` int64, and `size_sum` int64 where there is one.
  Rows of one pair (say, one for each region) are summed.

Both may have `inside` (bool): false for rows that are not between two chosen neurons;
`region` (string), which brain region; and whole numbers `nt_gaba`, `nt_glutamate`, ...: how
many votes the row has for each transmitter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from graphapi.common.regions import NO_REGION
from graphapi.ids import UNRESOLVED
from loader.stages.names import TOTALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

Layout = Literal["synapses", "pairs"]

#: Prefix of columns with votes for a transmitter.
SCORE = "nt_"
#: Every row is counted once as one of these.
FATES = (
    "invalid", "unresolved", "background", "outside", "below_min_size", "zero_weight", "autapse",
    "kept",
)  # fmt: skip
#: From here on, fates of rows that are part of a pair.
_AUTAPSE, _KEPT = FATES.index("autapse"), FATES.index("kept")


@dataclass(frozen=True)
class Rule:
    """Which rows become part of the graph.

    Parameters
    ----------
    layout
        What a row is.
    min_size
        Smallest size of a synapse that is kept; rows without a size are not. None keeps all.
    one_is_unresolved
        Root id 1 stands for "not looked up", as in CAVE's own tables.
    """

    layout: Layout = "synapses"
    min_size: float | None = None
    one_is_unresolved: bool = False


def with_fate(rows: ir.Table, rule: Rule) -> ir.Table:
    """Add the column `fate`: what becomes of each row, as its place in `FATES`.

    The first fate that applies counts, in the order of `FATES`: a row with no root on one side
    and background on the other is unresolved.
    """
    import ibis

    pre, post = rows["pre"], rows["post"]
    unresolved = pre.isnull() | post.isnull()
    if rule.one_is_unresolved:
        unresolved = unresolved | (pre == UNRESOLVED) | (post == UNRESOLVED)
    tests: list[tuple[Any, str]] = [(unresolved, "unresolved")]
    tests.append(((pre == 0) | (post == 0), "background"))
    if "inside" in rows.columns:
        tests.append((~rows["inside"].fill_null(False), "outside"))
    if "valid" in rows.columns:
        tests.insert(0, (~rows["valid"].fill_null(True), "invalid"))
    if rule.min_size is not None:
        tests.append((~_is_at_least(rows["size"], rule.min_size), "below_min_size"))
    if rule.layout == "pairs":
        tests.append((rows["weight"] == 0, "zero_weight"))
    tests.append((pre == post, "autapse"))
    # Numbers, since comparing texts for every row takes several times as long.
    numbered = [(test, ibis.literal(FATES.index(fate), "int8")) for test, fate in tests]
    return rows.mutate(fate=ibis.cases(*numbered, else_=ibis.literal(_KEPT, "int8")))


def fates(rows: ir.Table, rule: Rule) -> ir.Table:
    """Count rows by what becomes of them.

    Returns
    -------
    ibis.expr.types.Table
        `fate`, `rows`, `synapses` (rows, or the sum of weights), and `low` and `high`, the
        smallest and largest id on either side, int64; fates that no row has are missing.
    """
    import ibis

    sorted_out = with_fate(rows, rule)
    count = sorted_out.count()
    synapses = sorted_out["weight"].sum() if rule.layout == "pairs" else count
    counted = sorted_out.group_by("fate").aggregate(
        rows=count.cast("int64"),
        synapses=synapses.cast("int64"),
        low=ibis.least(sorted_out["pre"].min(), sorted_out["post"].min()),
        high=ibis.greatest(sorted_out["pre"].max(), sorted_out["post"].max()),
    )
    words = [(counted["fate"] == number, fate) for number, fate in enumerate(FATES)]
    return counted.mutate(fate=ibis.cases(*words))


def first_of_near(counted: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the smallest id of all pairs if the others are near it; see `pairs`.

    Parameters
    ----------
    counted
        The rows of `fates`.
    """
    used = [row for row in counted if FATES.index(row["fate"]) >= _AUTAPSE]
    low = min((row["low"] for row in used), default=0)
    high = max((row["high"] for row in used), default=0)
    return low if used and high - low < 1 << _NEAR_BITS else None


def pairs(
    rows: ir.Table, rule: Rule, *, by_region: bool = False, first: int | None = None
) -> ir.Table:
    """Sum the rows of each ordered pair, autapses included.

    Parameters
    ----------
    rows, rule
        What is summed.
    by_region
        Sum the rows of each pair in each region.
    first
        If all ids of pairs are from `first` to `first + 2**31 - 1`: the two ids of a row are then
        grouped by as one number, which takes an eighth less time and memory.

    Returns
    -------
    ibis.expr.types.Table
        `pre`, `post`, `weight`, `size_sum`, int64, one row per pair, in no order; and `region`
        and `nt_...`, where there are. The size of each row is rounded to a whole number; a row
        without a size adds nothing.
    """
    import ibis

    fated = with_fate(rows, rule)
    used = fated.filter(fated["fate"] >= _AUTAPSE)
    if rule.layout == "pairs":
        weight = used["weight"].sum()
        size = used["size_sum"].sum() if "size_sum" in used.columns else ibis.literal(0)
    else:
        weight = used.count()
        size = _rounded(used["size"]).sum() if "size" in used.columns else ibis.literal(0)
    ends = {"pre": used["pre"], "post": used["post"]}
    if first is not None:
        ends = {"ends": ((used["pre"] - first) << _NEAR_BITS) | (used["post"] - first)}
    region = {"region": used["region"]} if by_region else {}
    summed = used.group_by(**ends, **region).aggregate(
        weight=weight.cast("int64"),
        size_sum=size.cast("int64").fill_null(0),
        **{name: used[name].sum().cast("int64") for name in used.columns if name.startswith(SCORE)},
    )
    if first is None:
        return summed
    # Not by division: Ibis divides floats.
    both, last = summed["ends"], (1 << _NEAR_BITS) - 1
    apart = summed.mutate(pre=(both >> _NEAR_BITS) + first, post=(both & last) + first)
    return apart.select("pre", "post", *(name for name in summed.columns if name != "ends"))


def over_regions(parts: ir.Table) -> ir.Table:
    """Sum the rows of each pair over its regions."""
    sums = [name for name in parts.columns if name not in ("pre", "post", "region")]
    return parts.group_by("pre", "post").aggregate(
        **{name: parts[name].sum().cast("int64") for name in sums}
    )


def with_region(rows: ir.Table) -> ir.Table:
    """Give rows without a region the name for it."""
    region = rows["region"].strip().nullif("")
    return rows.mutate(region=region.fill_null(NO_REGION))


def with_votes(
    rows: ir.Table, rule: Rule, spellings: Mapping[str, Sequence[str]], scores: Sequence[str]
) -> ir.Table:
    """Add each row's votes for each transmitter, as whole numbers that sum exactly.

    Parameters
    ----------
    rows, rule
        The rows, with `transmitter` or columns of scores `nt_...`.
    spellings
        Our word for a transmitter to the texts in `transmitter` that mean it: a row votes for
        it with its synapses.
    scores
        Columns of scores: a row votes for each transmitter with its score times its synapses.
    """
    import ibis

    weight = rows["weight"] if rule.layout == "pairs" else ibis.literal(1, "int64")
    nothing = ibis.literal(0, "int64")
    votes = {
        f"{SCORE}{word}": ibis.ifelse(rows["transmitter"].isin(list(texts)), weight, nothing)
        for word, texts in spellings.items()
    }
    for name in scores:
        votes[name] = _rounded(rows[name] * _MILLIONTHS).fill_null(0) * weight
    return rows.mutate(**votes)


def with_transmitter(summed: ir.Table) -> ir.Table:
    """Replace the columns `nt_...` by `transmitter`, the one with most votes; null if tied."""
    import ibis

    names = [name for name in summed.columns if name.startswith(SCORE)]
    if not names:
        return summed
    most = ibis.greatest(*(summed[name] for name in names))
    equal = sum(((summed[name] == most).cast("int64") for name in names), ibis.literal(0))
    nothing = ibis.null("string")
    chosen = ibis.cases(
        *((summed[name] == most, ibis.literal(name.removeprefix(SCORE))) for name in names),
        else_=nothing,
    )
    clear = (most > 0) & (equal == 1)
    return summed.mutate(transmitter=ibis.ifelse(clear, chosen, nothing)).drop(*names)


def transmitters(summed: ir.Table) -> ir.Table:
    """Return `root_id` and the `transmitter` that most of a neuron's output votes for."""
    names = [name for name in summed.columns if name.startswith(SCORE)]
    spoken = summed.group_by("pre").aggregate(
        **{name: summed[name].sum().cast("int64") for name in names}
    )
    return with_transmitter(spoken).rename(root_id="pre")


def connections(summed: ir.Table) -> ir.Table:
    """Drop autapses: they are counted on the neuron, not as an edge."""
    return summed.filter(summed["pre"] != summed["post"])


def totals(summed: ir.Table, known: ir.Table) -> ir.Table:
    """Sum the synapses and partners of each neuron.

    Parameters
    ----------
    summed
        Pairs, autapses included.
    known
        `root_id` of neurons that are in the graph for another reason: an annotation, a soma.

    Returns
    -------
    ibis.expr.types.Table
        `root_id`, `in_synapses`, `out_synapses`, `in_partners`, `out_partners`, `autapses`,
        int64, one row per neuron, ascending. Autapses count only as `autapses`.
    """
    import ibis

    edges, loops = connections(summed), summed.filter(summed["pre"] == summed["post"])
    zero, one = ibis.literal(0, "int64"), ibis.literal(1, "int64")
    parts = [
        _part(edges, edges["pre"], out_synapses=edges["weight"], out_partners=one),
        _part(edges, edges["post"], in_synapses=edges["weight"], in_partners=one),
        _part(loops, loops["pre"], autapses=loops["weight"]),
        _part(known, known["root_id"], autapses=zero),
    ]
    # Each part is summed first, so that the union has rows per neuron, not per pair.
    return _summed(ibis.union(*map(_summed, parts), distinct=False)).order_by("root_id")


#: Number of bits of the distance to the smallest id, if two ids are to be one number.
_NEAR_BITS = 31
#: Scores are summed in millionths.
_MILLIONTHS = 1_000_000


def _part(table: ir.Table, root: Any, **given: Any) -> ir.Table:
    import ibis

    zero = ibis.literal(0, "int64")
    return table.select(root_id=root, **{name: given.get(name, zero) for name in TOTALS})


def _summed(ends: ir.Table) -> ir.Table:
    return ends.group_by("root_id").aggregate(
        **{name: ends[name].sum().cast("int64") for name in TOTALS}
    )


def _rounded(numbers: Any) -> Any:
    """Return whole numbers; null for NaN and infinity."""
    import ibis

    if numbers.type().is_signed_integer():
        return numbers.cast("int64")
    known = ibis.ifelse(_is_finite(numbers), numbers, ibis.null(numbers.type()))
    return known.round().cast("int64")


def _is_finite(numbers: Any) -> Any:
    """Return whether values are numbers.

    Not with `isnan`: DuckDB takes a Parquet file's word that it has no NaN, which is often wrong.
    """
    if numbers.type().is_signed_integer():
        return numbers.notnull()
    return numbers.try_cast("int64").notnull()


def _is_at_least(size: Any, least: float) -> Any:
    """Return whether sizes are numbers and large enough; NaN is larger than any number."""
    return ((size >= least) & _is_finite(size)).fill_null(False)
