"""Makes docs/reliability.md of what was measured."""

# ruff: noqa: E501  (sentences of a page)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .attacks import table

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What each fault is, in words.
FAULTS = {
    "row_limit": "answer truncated at the server's row limit",
    "shuffle": "rows in another order each time",
    "wrapped_error": "a query fails: 500 with a message",
    "wrapped_rate_limit": "429 wrapped in a 500",
    "rate_limit": "429 without `Retry-After`",
    "rate_limit_with_wait": "429 with `Retry-After`",
    "unavailable": "503, in bursts",
    "drop": "connection closed without an answer",
    "cut": "connection closed in the middle of an answer",
    "hang": "a delayed answer, sometimes beyond the time limit",
    "wrong_count": "a count that is one too small",
    "expire": "the version expires during the load",
    "unauthorized": "401: unknown token",
    "forbidden": "403: missing permission",
    "terms": "403: terms of service not accepted",
    "root_change": "a root id changes during the load",
    "damaged_stage": "a stage on disk is cut short between two processes",
    "killed_after_step": "kill -9 after a finished step",
    "killed_anytime": "kill -9 at a random moment",
}
_HEAD = """# Reliability

Written by `python -m tests.reliability`, which measures everything on this page. Add `soak`, `fuzz` or `memory` to measure one part.
The measurements are in `tests/reliability/measured/`. A small part of them runs with every `tests/run`.
"""


def page(measured: Mapping[str, Any]) -> str:
    """Give the page's text."""
    parts = [_HEAD]
    for name, write in (("soak", _soak), ("fuzz", _fuzz), ("memory", _memory)):
        parts.append(write(measured[name]) if name in measured else f"{name}: not measured yet.\n")
    return "\n".join([*parts, table()])


def _soak(found: Mapping[str, Any]) -> str:
    lines = [
        f"## {found['loads']:,} loads under faults and kills",
        "",
        f"Each load is of a small datastack: 260 synapse rows at one version, 230 at an older one, merged or split, with nuclei, cells, a "
        f"reference table and a file of annotations. {found['loads'] - found['on_neo4j']:,} loads wrote a graph file and "
        f"{found['on_neo4j']:,} wrote to Neo4j community, in {found['processes']:,} processes. A seed sets each load's faults, kills, row limit and "
        "number of requests in flight. After an error, the test does what the message says: it runs the same command again (after three refusals, the "
        "server recovers), takes another working folder, or asks for another version. After every process it reads the target, which must be the old "
        "graph, the new one as pandas computes it from the served rows, or (Neo4j) refuse to be read.",
        "",
        "| loads | correct at once | correct after resuming | wrong | rows lost |",
        "|---:|---:|---:|---:|---:|",
        f"| {found['loads']:,} | {found['at_once']:,} | {found['went_on']:,} | {found['wrong']:,} "
        f"| {found['rows_lost']:,} |",
        "",
        "Most loads met several faults, so one error may be counted in several lines. *At once* means without an error and in one process.",
        "",
        "| fault | injected | in loads | correct at once | correct after resuming | errors on the way | rows lost |",
        "|---|---:|---:|---:|---:|---|---:|",
    ]
    for name, words in FAULTS.items():
        fault = found["faults"][name]
        errors = ", ".join(f"{error} {times}" for error, times in sorted(fault["errors"].items()))
        lines.append(
            f"| {words} | {fault['times']:,} | {fault['loads']:,} | {fault['at_once']:,} "
            f"| {fault['went_on']:,} | {errors or 'none'} | {fault['rows_lost']:,} |"
        )
    lines += ["", *(f"- WRONG: {finding}" for finding in found["findings"])]
    return "\n".join(lines).rstrip() + "\n"


def _fuzz(found: Mapping[str, Any]) -> str:
    lines = [
        f"## {found['cases']:,} files and answers with random content",
        "",
        "hypothesis draws files and answers that are nearly right, have odd types, are cut short, or have changed bytes. Each must be read, or refused with one of "
        "our own errors that says what is wrong. Anything else fails the run.",
        "",
        "| what | cases | read | refused | other |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, counts in found["targets"].items():
        total = sum(counts.values())
        other = total - counts["read"] - counts["refused"]
        lines.append(
            f"| {name} | {total:,} | {counts['read']:,} | {counts['refused']:,} | {other:,} |"
        )
    return "\n".join(lines) + "\n"


def _memory(found: Mapping[str, Any]) -> str:
    stages = ", ".join(f"{name} {seconds} s" for name, seconds in found["stages"].items())
    return (
        f"## Memory of a large load\n\n{found['rows']:,} synapse rows were loaded from the stand-in, in a separate process, into "
        f"a graph file: {found['neurons']:,} neurons, {found['connections']:,} connections, {found['requests']:,} requests, {found['rows_lost']:,} rows "
        f"lost. The loading process used at most **{found['peak_mb']:,} MB** (maximum resident set, libraries included; the limit "
        f"is 1,000 MB), in {found['seconds']:,} s on two shared cores ({stages}).\n"
    )
