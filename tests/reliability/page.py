"""Makes docs/reliability.md of what was measured."""

# ruff: noqa: E501  (sentences of a page)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .attacks import table

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What each fault is, in words.
FAULTS = {
    "row_limit": "answer cut at the server's row limit",
    "shuffle": "rows in another order each time",
    "wrapped_error": "a query fails: 500 with a message",
    "wrapped_rate_limit": "429 wrapped in a 500",
    "rate_limit": "429 without `Retry-After`",
    "rate_limit_with_wait": "429 with `Retry-After`",
    "unavailable": "503, in bursts",
    "drop": "connection closed without an answer",
    "cut": "connection closed in the middle of an answer",
    "hang": "no answer for a time, at times longer than the limit",
    "wrong_count": "a count that is one too small",
    "expire": "the version expires during the load",
    "unauthorized": "401: the token is not known",
    "forbidden": "403: a permission is missing",
    "terms": "403: terms of service are not accepted",
    "root_change": "a root id changes during the load",
    "damaged_stage": "a stage on disk loses its end between two processes",
    "killed_after_step": "kill -9 after a finished step",
    "killed_anytime": "kill -9 at a random moment",
}
_HEAD = """# Reliability

Made by `python -m tests.reliability`, which measures everything below and writes this page; one part alone: `soak`, `fuzz`, `memory`.
The numbers it measured are in `tests/reliability/measured/`; a small part of the same runs with every `tests/run`.
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
        f"Loads of a small datastack (260 synapse rows at one version, 230 at an older one; merged or split; nuclei, cells, a "
        f"reference table and a file of annotations), {found['loads'] - found['on_neo4j']:,} of them into a graph file and "
        f"{found['on_neo4j']:,} into Neo4j community, in {found['processes']:,} processes. The seed of each decides its faults, kills, row limit and "
        "requests in flight. What an error says, is done: the same command again (after three refusals against a server that is well again), "
        "another working folder, another version. After every process the target is read: it must be the old graph, the new one as pandas "
        "makes it of the served rows, or (Neo4j) refuse to be read.",
        "",
        "| loads | ended equal at once | ended equal after going on | ended wrong | rows lost |",
        "|---:|---:|---:|---:|---:|",
        f"| {found['loads']:,} | {found['at_once']:,} | {found['went_on']:,} | {found['wrong']:,} "
        f"| {found['rows_lost']:,} |",
        "",
        "Most loads met several of these, so one error may be counted in several lines. *At once*: without an error or a second process.",
        "",
        "| fault | injected | in loads | equal at once | equal after going on | errors on the way | rows lost |",
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
        f"## {found['cases']:,} files and answers of any content",
        "",
        "Drawn by hypothesis: nearly right, of odd types, cut off, with bytes changed. Each is read, or refused by an error of this project that says "
        "what is wrong; anything else would have ended the run.",
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
        f"## Memory of a large load\n\n{found['rows']:,} synapse rows from the stand-in, which runs in a process of its own, into "
        f"a graph file: {found['neurons']:,} neurons, {found['connections']:,} connections, {found['requests']:,} requests, {found['rows_lost']:,} rows "
        f"lost. The loading process took at most **{found['peak_mb']:,} MB** (its maximum resident set, libraries included; the limit that "
        f"was set is 1,000 MB), in {found['seconds']:,} s on two shared cores ({stages}).\n"
    )
