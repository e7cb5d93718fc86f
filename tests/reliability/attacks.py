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
    Attack(
        "a working folder whose list reaches out through `..` or a link; a graph inside its working folder, and the other way round; null characters in paths",
        "refused before anything is made or removed",
        "tests/loader/test_work_folder.py::test_a_list_that_reaches_out_through_a_link_is_refused",
    ),
    Attack(
        "a graph, a server or a volume names an address that programs read in two ways: `\\`, a user name, control characters, other alphabets, odd ports",
        "one function reads every address and refuses these; what it accepts is where the client connects",
        "tests/common/test_address.py",
    ),
    Attack(
        "a stranger's graph names a place for the CAVE token: another host, port or scheme, plain http, an address in two readings",
        "the token is not sent, and the error says how to allow it",
        "tests/security/test_canary.py::test_a_strangers_graph",
    ),
    Attack(
        "redirects, the `redirect` of a volume's info file, and data folders lead to a stranger's server",
        "trust is a scheme, a host and a port, checked at each hop, for header and cookie; no hop carries the token on",
        "tests/security/test_canary.py",
    ),
    Attack(
        "the info record of a server names another `local_server` or other volumes",
        "they are named in a warning before they first get the token; over plain http they never do",
        "tests/security/test_canary.py::test_a_local_server_is_named_before_it_gets_the_token",
    ),
    Attack(
        "a canary token goes through loads, fallback, images, meshes and the plain client",
        "it is in no log, warning, error, output or file",
        "tests/security/test_canary.py::test_a_load_its_graph_and_its_files",
    ),
    Attack(
        "the same canary through a loaded demo, on both engines: scenes, links, figures and pages, exports, eight commands, `info --json`, logs at DEBUG, tracebacks, every property and file of the Neo4j server, the demo's own server",
        "it is found nowhere; each of six planted canaries is found",
        "tests/security/test_canary_of_a_demo.py",
    ),
    Attack(
        "a server of files that stalls (a byte at a time in head, body or chunks; silence; all but the last byte), breaks off after each byte, never ends, is larger than the disk, sends another part than asked for, or states nonsense",
        "less than 64 kB in `CAVEGRAPH_STALL_SECONDS` is a failure, five in a row an error; 1 GB of the disk stays free; no mixture; no redirect from https to http",
        "tests/loader/test_hostile_addresses.py",
    ),
    Attack(
        "a gzip or brotli bomb, an endless body, a byte at a time in head or body, packed data that unpack to nothing",
        "an answer ends at 512 MB, unpacked, and at ten times the time limit; one slower than 1 kB per time limit ends at once",
        "tests/common/test_http.py",
    ),
    Attack(
        "a server with a fault: 92 faults in counts, rows, records, `Retry-After`, deep JSON; each alone, and three at random (40 seeds)",
        "the right rows, or an error of ours",
        "tests/cave/test_server_faults.py",
    ),
    Attack(
        "a server counts 0 for a table that has rows",
        "asked once more, it is found out: IncompleteAnswerError, not an empty table",
        "tests/cave/test_server_faults.py::test_a_count_of_0_for_a_table_with_rows_is_no_empty_table",
    ),
    Attack(
        "6,000 queries drawn by a seed, 3,000 on each engine: 34 beginnings, 36 things between, 40 endings that read files, the network or settings, write, or end other people's queries",
        "0 files read or written, 0 requests to a canary server, 0 crashes; every query that passes gives the same rows when our tokens are pulled apart, so the engine splits as we do",
        "tests/engines/test_attack_queries.py",
    ),
    Attack(
        "63 queries that did more than read, and their siblings: `LIMIT 1LOAD FROM`, `CALL READ_CSV`, escapes in keywords, `apoc.load`, `TERMINATE` behind `PROFILE` or `CYPHER 5`",
        "an allow-list of clauses, functions and procedures; everything else is refused by name",
        "tests/engines/test_own_cypher.py",
    ),
    Attack(
        "`range(1, 100000000000)`, 25 million rows with `timeout=2`, `repeat`, `lpad`, `collect`, 3,000 brackets, 20,000 operators",
        "the time limit or the memory limit ends the query's own process; the next query is answered",
        "tests/engines/test_worker.py::test_the_limits_hold",
    ),
    Attack(
        "queries and signals that crash the engine",
        "an error, and the session goes on",
        "tests/engines/test_worker.py::test_a_crash_is_an_error_and_the_session_goes_on",
    ),
    Attack(
        "queries that get past the allow-list: `LOAD FROM`, `COPY TO`, sockets, programs, variables of the environment, a stranger's `.wal`",
        "the process of queries has no other file, no network and no tokens (Linux); what a system lacks is logged",
        "tests/engines/test_worker.py",
    ),
    Attack(
        "38 places for a parameter, each asked with changing values, by our queries and by people's",
        "no parameter keeps an earlier value",
        "tests/engines/test_ladybug_parameters.py",
    ),
    Attack(
        "a graph is open while the process forks: pools, plain forks, a fork while another thread asks, exit and `close()` in the child",
        "the child gets right answers, and so does the parent, on both engines",
        "tests/engines/test_fork.py",
    ),
    Attack(
        "`LOAD CSV` from files and the network, `apoc.load`, `apoc.export`, `apoc.cypher`, `apoc.periodic`, sent straight to a real Neo4j with the settings of `docker-compose.yml`",
        "the server itself refuses them",
        "tests/deployment/test_neo4j_refuses.py",
    ),
    Attack(
        "two loads into one Neo4j database at once, on one computer or two, also where one slept past its hold (12 pairs from a seed)",
        "one of them stops before it fetches anything, or before it changes anything more; every read is one whole graph or refused",
        "tests/loader/test_neo4j_hold.py",
    ),
    Attack(
        "files for `neo4j-admin` with all types, gaps, infinities, quotes and line breaks, imported by the documented commands into a server that has run before",
        "the same graph as in a file, every property and name; a second import needs `--replace`; what a header or a list cannot hold is refused",
        "tests/loader/test_neo4j_import.py",
    ),
    Attack(
        "a Neo4j with indexes and constraints of somebody else's: the same under other names, others under our names, others beside ours",
        "the same count as ours; those in the way are named, with the command that drops them, before anything is changed",
        "tests/loader/test_neo4j_indexes.py",
    ),
    Attack(
        "15 kinds of change in a loaded graph, on both engines: a cycle reversed, an annotation attached twice, the record, a trade of weights; names and indexes of Neo4j",
        "`cavegraph verify` names each",
        "tests/loader/test_verify_mutations.py",
    ),
    Attack(
        "a flipped bit in the index of a graph file: scans are right, look-ups miss a neuron",
        "`cavegraph verify` looks every id up, and names it",
        "tests/reliability/test_damages.py::test_a_flipped_bit_in_the_index_is_seen",
    ),
    Attack(
        "391 single damages of a graph file (8 in the suite, all with `CAVEGRAPH_DAMAGES=391`), each verified, read by `load --replace`, and opened",
        "0 crashes, 0 errors of another library, 0 wrong answers that `verify` passes: each of the 391 read right, refused, or named by `verify`; opening one is limited to 1 GB of memory (all 391 on 2026-11-27)",
        "tests/reliability/test_damages.py::test_a_damage_is_seen_or_changes_nothing",
    ),
    Attack(
        "`--replace` over a damaged graph",
        "replaced where the first bytes are a graph's: 391 of 391 (2026-11-27)",
        "tests/reliability/test_damages.py::test_what_is_ours_by_its_first_bytes_can_be_replaced",
    ),
    Attack(
        "a stranger's log (`.wal` and the like) beside a graph",
        "refused and not replayed; neither file is touched",
        "tests/reliability/test_damages.py::test_a_strangers_log_beside_a_graph_is_not_replayed",
    ),
    Attack(
        "a full disk while stages or the graph are written",
        "leftovers are removed, the old graph stays, the message says so, and the same command continues from the stages",
        "tests/loader/test_full_disk.py",
    ),
    Attack(
        "a memory limit in which one `COPY` of the connections cannot fit, and a disk that is too small",
        "pieces, and the same graph; too little disk is reported before the step, and the stages are kept",
        "tests/loader/test_pieces.py",
    ),
)


def table() -> str:
    """Write the section of the page."""
    lines = ["## Attacks", "", "| tried | what holds | test |", "|---|---|---|"]
    lines += [f"| {a.tried} | {a.holds} | `{a.test}` |" for a in ATTACKS]
    return "\n".join(lines) + "\n"
