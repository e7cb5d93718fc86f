"""The page: what was measured in one run, as tables and ratios."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .reads import AT_HAND, QUESTIONS

if TYPE_CHECKING:
    from .places import Run

#: Written by hand: why something was missed.
NOTES = Path(__file__).with_name("notes.md")
Results = Mapping[str, Any]

_INTRODUCTION = """# Benchmarks

Written by `python -m tests.benchmarks --work FOLDER`. The brain is **synthetic**: a seeded
generator makes it to match FlyWire's published figures (neurons, connections, weights, reciprocity,
heavy tails). None of it was measured in an animal."""
_READING = """The systems take turns, so that other work on the machine affects all of them alike.
Times are medians of warm rounds. The neurons change from round to round and are the same for all
systems. Trust the ratios rather than the times: a load average above the number of cores makes
every time longer, and the ratio of two single long runs less certain."""


@dataclass(frozen=True)
class Target:
    """One line of what issue 5 asks for.

    Parameters
    ----------
    what
        In words, with the bound.
    found
        What was measured, as text.
    holds
        None where it was not measured.
    """

    what: str
    found: str
    holds: bool | None


def write_page(path: Path, run: Run) -> None:
    """Write the page of the results that a run has kept."""
    results = run.results()
    parts = [
        _head(results, run),
        _targets(results),
        _loads(results),
        _questions(results),
        _others(results),
        NOTES.read_text("utf-8").strip(),
    ]
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def targets(results: Results) -> list[Target]:
    """Compare what was measured with what was asked for."""
    return [*_load_targets(results), *_read_targets(results)]


def _load_targets(results: Results) -> Iterator[Target]:
    raw, our = results.get("raw-embedded"), results.get("our-embedded")
    if raw and our:
        by_hand = raw["aggregation"]["seconds"] + raw["copy"]["seconds"]
        ratio = our["seconds"] / by_hand
        work = our["processor"] / (raw["aggregation"]["processor"] + raw["copy"]["processor"])
        yield Target(
            f"{raw['rows']:,} synapse rows to a verified graph file: at most 1.5 x raw "
            "aggregation and raw `COPY`",
            f"{ratio:.2f} x ({our['seconds']:.0f} s / {by_hand:.0f} s; CPU time {work:.2f} x)",
            ratio <= 1.5,
        )
        peak = our["peak"] / 1e9
        yield Target("the same: peak memory under 4 GB", f"{peak:.2f} GB", peak < 4)
    raw, our = results.get("raw-import"), results.get("our-import")
    if raw and our:
        spent = our["load"]["seconds"]
        ratio = spent / raw["seconds"]
        yield Target(
            "to Neo4j offline (files and import): at most 1.5 x raw import of ready-made files",
            f"{ratio:.2f} x ({spent:.0f} s / {raw['seconds']:.0f} s; the checks afterwards: "
            f"{our['finish']['seconds']:.0f} s)",
            ratio <= 1.5,
        )


def _read_targets(results: Results) -> Iterator[Target]:
    served = results.get("reads-neo4j")
    if served:
        ours, bare, ratio = _ratio(served["connectivity of 1"], "plain driver")
        yield Target(
            "`get_connectivity` of one neuron on Neo4j: at most 1.3 x the plain driver",
            f"{ratio:.2f} x ({ours} / {bare})",
            ratio <= 1.3,
        )
    embedded = results.get("reads-embedded")
    if embedded:
        ours, bare, ratio = _ratio(embedded["connectivity of 1"], "bare LadybugDB")
        yield Target(
            "`get_connectivity` of one neuron, embedded: at most 1.3 x its bare query",
            f"{ratio:.2f} x ({ours} / {bare})",
            ratio <= 1.3,
        )
    cave = results.get("cave")
    if cave:
        for ours, how in (("graph", "in turns"), ("graph, one after another", "ours in a row")):
            ratio = cave["CAVE rows"]["median"] / cave[ours]["median"]
            yield Target(
                f"the same call from CAVE rows, {how}: at least 100 x slower",
                f"{ratio:.0f} x ({_time(cave['CAVE rows'])} / {_time(cave[ours])})",
                ratio >= 100,
            )
    if embedded:
        for question in ("adjacency 333 x 333", "counts of 1,000"):
            ours, pandas, ratio = _ratio(embedded[question], "pandas in memory")
            yield Target(
                f"{question}: faster than pandas filtering the table in memory",
                f"{1 / ratio:.1f} x faster ({ours} / {pandas})",
                ratio < 1,
            )
        for question in ("connectivity of 1,000", "adjacency 5,000 x 5,000"):
            ours, duck, ratio = _ratio(embedded[question], "DuckDB over Parquet", AT_HAND)
            yield Target(
                f"{question}, from the matrix: no slower than DuckDB over Parquet",
                f"{ratio:.2f} x ({ours} / {duck})",
                ratio <= 1,
            )
        question = "type matrix of the whole brain"
        ours, duck, ratio = _ratio(embedded[question], "DuckDB over Parquet")
        yield Target(
            f"{question}, embedded: at most 2 x DuckDB over Parquet",
            f"{ratio:.2f} x ({ours} / {duck})",
            ratio <= 2,
        )


def _head(results: Results, run: Run) -> str:
    made = results["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in made["packages"].items())
    minutes = max(made["minutes"], 1)
    facts = [
        ("date", made["began"]),
        (
            "machine",
            f"{made['processor']}, {made['cores']} cores, {made['memory_gb']} GB, {made['system']}",
        ),
        (
            "load average before and after",
            f"{made['load_average']}, {made.get('load_average_at_end', '?')}",
        ),
        ("Python, Java", f"{made['python']}, {made['java']}"),
        ("packages", packages),
        ("Neo4j", f"5.26, heap {run.heap}, page cache {run.page_cache}"),
        ("aggregation", f"memory limit {run.memory}, for ours and for the raw one"),
    ]
    told = f"The run took {minutes} minutes and wrote 6 GB of files."
    return "\n\n".join((_INTRODUCTION, told, _table(("", ""), facts), _READING))


def _targets(results: Results) -> str:
    signs = {True: "yes", False: "**no**", None: "not measured"}
    rows = [(t.what, t.found, signs[t.holds]) for t in targets(results)]
    return "## Targets\n\n" + _table(("target", "measured", "holds"), rows)


def _loads(results: Results) -> str:
    raw, our = results.get("raw-embedded"), results.get("our-embedded")
    rows: list[Sequence[str]] = []
    if raw and our:
        rows += [(f"raw {name}", *_cost(raw[name]), "") for name in ("aggregation", "copy")]
        rows.append(("`cavegraph load` to a file", *_cost(our), f"{our['peak'] / 1e9:.2f} GB"))
        rows += [(f"- {name}", f"{s:.1f} s", "", "") for name, s in our["stages"].items()]
        a_second = raw["rows"] / our["seconds"]
        rows.append(("- rows per second", f"{a_second:,.0f}", "", ""))
    raw, our = results.get("raw-import"), results.get("our-import")
    if raw and our:
        rows.append(("raw `neo4j-admin import`", *_cost(raw), f"{raw['peak'] / 1e9:.2f} GB"))
        rows.append(
            (
                "`cavegraph load` to Neo4j offline, aggregated before",
                *_cost(our["load"]),
                f"{our['peak'] / 1e9:.2f} GB",
            )
        )
        rows += [(f"- {name}", f"{s:.1f} s", "", "") for name, s in our["stages"].items()]
        rows.append(("`cavegraph finish-import`: indexes, all checks", *_cost(our["finish"]), ""))
    if not rows:
        return ""
    return "## Loads\n\n" + _table(("what", "time", "CPU time", "peak memory"), rows)


def _questions(results: Results) -> str:
    text = []
    for section, title in (
        ("reads-embedded", "Questions to the graph file"),
        ("reads-neo4j", "Questions to Neo4j"),
    ):
        found = results.get(section)
        if not found:
            continue
        asked = [name for name in QUESTIONS if name in found]
        systems = list(found[asked[0]])
        rows = [(name, *(_time(found[name][s]) for s in systems)) for name in asked]
        text.append(f"## {title}\n\n" + _table(("question", *systems), rows))
    return "\n\n".join(text)


def _others(results: Results) -> str:
    text = []
    if cold := results.get("cold"):
        rows = [(name, f"{seconds * 1e3:.0f} ms") for name, seconds in cold.items()]
        text.append(
            "## Cold\n\nA new process, and a file that is not in the system's cache.\n\n"
            + _table(("what", "time"), rows)
        )
    if growth := results.get("growth"):
        asked = list(next(iter(growth.values())))
        rows = [
            (f"{int(size):,}", *(_time(_of(found[name])) for name in asked))
            for size, found in growth.items()
        ]
        loaded = {**results.get("sizes", {})}
        text.append("## As the graph grows\n\n" + _table(("connections", *asked), rows))
        if loaded:
            rows = [
                (f"{int(size):,}", f"{v['rows']:,}", f"{sum(v['stages'].values()):.0f} s")
                for size, v in loaded.items()
            ]
            text.append(_table(("connections", "synapse rows", "load"), rows))
    readers = {
        "graph file": results.get("readers-embedded"),
        "Neo4j": results.get("reads-neo4j", {}).get("growth of readers"),
    }
    rows = [
        (
            place,
            number,
            f"{v['a_second']:.0f}",
            f"{v['median'] * 1e3:.1f} ms",
            f"{v['slowest of 100'] * 1e3:.1f} ms",
        )
        for place, found in readers.items()
        for number, v in (found or {}).items()
    ]
    if rows:
        head = ("engine", "threads", "answers per second", "median", "99th percentile")
        text.append(
            "## With several readers at once\n\n`get_connectivity` of random neurons, all from "
            "one process.\n\n" + _table(head, rows)
        )
    return "\n\n".join(text)


def _of(found: Mapping[str, Any]) -> Mapping[str, float]:
    return found.get("cavegraph", found)


def _ratio(found: Mapping[str, Any], rival: str, ours: str = "cavegraph") -> tuple[str, str, float]:
    ratio = found[ours]["median"] / found[rival]["median"]
    return _time(found[ours]), _time(found[rival]), ratio


def _time(found: Mapping[str, float]) -> str:
    milliseconds = found["median"] * 1e3
    if milliseconds >= 1000:
        return f"{milliseconds / 1e3:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 20 else f"{milliseconds:.2f} ms"


def _cost(found: Mapping[str, float]) -> tuple[str, str]:
    return f"{found['seconds']:.1f} s", f"{found['processor']:.1f} s"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
