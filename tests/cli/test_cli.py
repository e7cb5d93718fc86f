"""The command line: tables, files, exit codes, and never a traceback."""

from __future__ import annotations

import csv
import gzip
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from commands import BASE, fails, run_ok, run_out

import loader
from graphapi import Connectome, StaleRootIdWarning
from graphapi.engines.ladybug import LadybugEngine
from graphapi.errors import GraphFileError, InputError
from graphapi.graph.materialization import Materialization
from loader.cli.values import parameters


def test_load_says_what_it_did(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(files / "again.lbug")
    arguments = ["load", str(files / "edges.csv"), "--to", place, "--name", "toy"]
    run_ok(*arguments)
    said = capsys.readouterr().out
    assert "5 neurons, 6 connections of 23 synapses" in said
    assert "verified" in said
    run_ok(*arguments)
    assert "nothing to do" in capsys.readouterr().out


def test_tables_show_whole_ids(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_ok("downstream", str(BASE + 1), "-g", graph)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["pre", "post", "weight"]
    assert [line.split() for line in lines[1:3]] == [
        [str(BASE + 1), str(BASE + 2), "5"],
        [str(BASE + 1), str(BASE + 3), "5"],
    ]
    assert lines[3] == "2 rows"


def test_upstream_with_threshold_to_csv(graph: str, tmp_path: Path) -> None:
    place = tmp_path / "up.csv"
    run_ok("upstream", str(BASE + 1), "-t", "3", "-g", graph, "--csv", str(place))
    frame = pd.read_csv(place)
    assert frame.to_numpy().tolist() == [[BASE + 5, BASE + 1, 7], [BASE + 4, BASE + 1, 3]]


def test_json_keeps_ids_as_texts(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_ok("upstream", str(BASE + 3), "-g", graph, "--json", "-")
    assert json.loads(capsys.readouterr().out) == [
        {"pre": str(BASE + 1), "post": str(BASE + 3), "weight": 5}
    ]


def test_parquet_keeps_int64(graph: str, tmp_path: Path) -> None:
    place = tmp_path / "counts.parquet"
    run_ok("counts", str(BASE + 1), str(BASE + 3), "-g", graph, "--parquet", str(place))
    frame = pd.read_parquet(place)
    assert frame["neuron_id"].tolist() == [BASE + 1, BASE + 3]
    assert frame["output_synapses"].tolist() == [10, 2]
    assert set(frame.dtypes.astype(str)) == {"int64"}


@pytest.mark.filterwarnings("default::graphapi.NoMatchWarning")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("cell_class=er", [1, 3]),
        ("cell_class=ER,EBc", [1, 2, 3]),
        ("cell_class!=ER", [2, 4]),
        ("cell_class=PFN?", [4]),
        ("out_synapses>=5", [1, 5]),
        ("out_synapses<=1", [2]),
        ("cell_class!=", [1, 2, 3, 4]),
        ("cell_class=--5", []),  # looks like a number and is not one
        ('cell_class="ER",EBc', [1, 2, 3]),
        ('cell_class="ER,EBc"', []),  # one value with a comma
    ],
)
def test_where(graph: str, tmp_path: Path, where: str, expected: list[int]) -> None:
    place = tmp_path / "n.csv"
    run_ok("neurons", "-w", where, "-g", graph, "--csv", str(place))
    assert pd.read_csv(place)["root_id"].tolist() == [BASE + n for n in expected]


def test_adjacency_has_pre_as_rows(graph: str, tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    arguments = ["adjacency", "-w", "cell_class=ER", "--to", str(BASE + 1), "--to", str(BASE + 4)]
    run_ok(*arguments, "-g", graph, "--csv", str(place))
    frame = pd.read_csv(place, index_col="pre")
    assert frame.to_numpy().tolist() == [[0, 0], [0, 2]]
    assert list(frame.columns) == [str(BASE + 1), str(BASE + 4)]


def test_own_cypher_with_a_parameter(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    query = "MATCH (n:Neuron)-[c:CONNECTS]->() WHERE n.root_id = $id RETURN sum(c.weight) AS total"
    run_ok("cypher", query, "-p", f"id={BASE + 1}", "-g", graph, "--csv", "-")
    assert capsys.readouterr().out.split() == ["total", "10"]


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ('["SMP238,SMP239"]', ["SMP238,SMP239"]),
        ('["a", "b,c"]', ["a", "b,c"]),
        (f"[{BASE + 1}]", [BASE + 1]),
        ('"[a]"', "[a]"),
        ('"a,b",c', ["a,b", "c"]),
    ],
)
def test_a_parameter_may_be_a_list_in_json(value: str, right: object) -> None:
    assert parameters([f"t={value}"]) == {"t": right}


def test_a_parameter_that_begins_like_a_list_is_read_as_nothing_else() -> None:
    with pytest.raises(InputError, match="begins like a list in JSON"):
        parameters(["t=[a"])


def test_info_and_verify(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_ok("info", "-g", graph)
    said = capsys.readouterr().out
    assert "edges, materialization version 0" in said
    assert "cell_class" in said
    run_ok("verify", "-g", graph)
    assert "verified" in capsys.readouterr().out


def test_the_graph_of_the_environment(
    graph: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAVEGRAPH_URI", graph)
    run_ok("counts", str(BASE + 1))
    assert "output_synapses" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "arguments", "says"),
    [
        (2, ["upstream", "1.5"], "is not an id"),
        (2, ["upstream"], "no neurons given"),
        (2, ["paths", str(BASE + 1), str(BASE + 2)], "give --to ROOT_ID, or --to-where"),
        (2, ["paths", str(BASE + 1), "--to-where", "x"], "--to-where 'x'"),
        (2, ["effective", str(BASE + 1), "--to", "1", "--to-where", "x=1"], "--to and --to-where"),
        (2, ["types", "--by", "no"], "these (by=, --by): "),
        (2, ["upstream", "-w", "cell_clas=ER"], "did you mean cell_class"),
        (2, ["upstream", "-w", "nonsense"], "field=value"),
        (2, ["upstream", str(BASE + 1), "-t", "0"], "threshold"),
        (2, ["upstream", str(BASE + 1), "-w", "cell_class=ER"], "cannot be combined"),
        (2, ["neurons", str(BASE + 1), "--fields", "nope"], "no such column"),
        (2, ["upstream", str(BASE + 1), "--csv", "/nope/x.csv"], "cannot write"),
        (2, ["upstream", str(BASE + 1), "--parquet", "-"], "give a file name"),
        (2, ["cypher", "RETURN 1 AS x", "-p", "x"], "name=value"),
        (2, ["cypher", "RETURN $x AS x"], "no value is given for $x"),
        (2, ["cypher", "RETURN $x AS x", "-p", "x=" + "9" * 19], "does not fit into 64 bits"),
        (2, ["cypher", "RETURN 1 AS x", "--timeout", "nan"], "is not a time limit"),
        (2, ["cypher", " "], "the query is empty"),
        (2, ["neurons", "9" * 5000], "is not an id"),
        (2, ["neurons", "-w", "out_synapses>=--1"], "is not a number"),
        (2, ["neurons", "-w", "out_synapses>=nan"], "is not a number"),
        (2, ["upstream", str(BASE + 1), "-m", "9" * 5000], "a version number"),
        (2, ["upstream", str(BASE + 1), "-t", "9" * 30], "threshold"),
        (2, ["upstream", str(BASE + 1), "--min-size", "nan"], "min_size"),
        (2, ["upstream", str(BASE + 1), "--rows", "-1"], "--rows"),
        (3, ["upstream", "5"], "give root ids of this dataset at this version"),
        (4, ["cypher", "MATCH (n:Neuron) DETACH DELETE n"], "opened read-only"),
        (4, ["cypher", "MATCH (n:Neuron RETURN n"], "your query"),
        (4, ["cypher", "MATCH (n:Cell) RETURN n"], "docs/graph-model.md"),
        (4, ["cypher", "MATCH (n:Neuron) RETURN n.nope"], "`cavegraph info` lists"),
        (5, ["synapses", "--pre", str(BASE + 1)], "made from files"),
        (5, ["upstream", str(BASE + 1), "-m", "3"], "made from files"),
        (5, ["counts", str(BASE + 1), "--min-size", "3"], "made from files"),
        (5, ["adjacency", str(BASE + 1), "-m", "live"], "made from files"),
        (4, ["cypher", "MATCH p=(n:Neuron)-[:CONNECTS]->() RETURN p"], "the label :Neuron"),
    ],
)
def test_errors(
    graph: str,
    capsys: pytest.CaptureFixture[str],
    code: int,
    arguments: list[str],
    says: str,
) -> None:
    assert says in fails(capsys, code, *arguments, "-g", graph)


def test_places_without_a_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no graph" in fails(capsys, 3, "info", "-g", str(tmp_path / "nope.lbug"))
    junk = tmp_path / "junk.lbug"
    junk.write_bytes(b"no graph at all" * 1000)
    assert "not a graph file" in fails(capsys, 4, "info", "-g", str(junk))
    assert "graphs in that folder: junk.lbug" in fails(capsys, 3, "info", "-g", f"{junk}x")
    with gzip.open(table := tmp_path / "connections.csv.gz", "wt") as file:
        file.write("pre,post\n1,2\n")
    assert "cavegraph load TABLE" in fails(capsys, 4, "explore", str(table))
    empty = tmp_path / "empty.lbug"
    empty.touch()
    assert "not a graph file" in fails(capsys, 4, "info", "-g", str(empty))
    assert "not the address of a graph" in fails(capsys, 2, "info", "-g", "http://x")


def test_a_cut_off_graph_file(
    graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Path(graph).read_bytes()
    short = tmp_path / "short.lbug"
    short.write_bytes(whole[: len(whole) // 2])
    assert "not a readable graph" in fails(capsys, 4, "info", "-g", str(short))


def test_a_graph_file_of_another_version(
    graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(Path(graph).read_bytes())
    assert content[:4] == b"LBUG"
    content[4] += 2  # the storage version: what LadybugDB 0.22.0 writes
    other = tmp_path / "other.lbug"
    other.write_bytes(content)
    said = fails(capsys, 4, "info", "-g", str(other))
    assert "different version" in said
    assert "--replace" in said


def test_a_graph_of_another_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "foreign.lbug"
    engine = LadybugEngine.create(place)
    engine.execute_ddl("CREATE NODE TABLE Person(id INT64, PRIMARY KEY(id))")
    engine.checkpoint()
    engine.close()
    assert "holds no cavegraph graph" in fails(capsys, 4, "info", "-g", str(place))


@pytest.mark.parametrize("number", [0, 99, None])
def test_a_record_of_another_format_names_the_program_that_made_it(number: int | None) -> None:
    record = json.dumps({"format_version": number, "cavegraph_version": "9.8.7"})
    with pytest.raises(GraphFileError, match="9\\.8\\.7"):
        Materialization.from_json(record)


def test_a_server_that_is_down(capsys: pytest.CaptureFixture[str]) -> None:
    said = fails(capsys, 4, "info", "-g", "bolt://127.0.0.1:9")
    assert "127.0.0.1:9" in said


def test_places_that_cannot_be(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edges = str(files / "edges.csv")
    nowhere = str(files / "edges.csv" / "x")
    for code, *arguments in (
        (2, "load", edges, "--to", nowhere),
        (2, "load", edges, "--to", str(files / "y.lbug"), "--work", edges),
        (1, "demo", "--folder", edges),
        (1, "info", "-g", str(files / ("x" * 300))),
    ):
        assert "check the path" in fails(capsys, code, *arguments)


def test_a_stopped_load_says_how_to_go_on(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, on_step: Callable[[str], None], **__: object) -> None:
        on_step("rows")
        raise KeyboardInterrupt

    monkeypatch.setattr(loader, "load", stopped)
    said = fails(capsys, 130, "load", str(files / "edges.csv"), "--to", str(files / "z.lbug"))
    assert "run the same command again to continue" in said


def test_warnings_are_notes_without_code(
    graph: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Connectome.open(graph)

    def warns(_: object) -> Connectome:
        warnings.warn("an id was mapped", StaleRootIdWarning, stacklevel=1)
        return opened

    monkeypatch.setattr(Connectome, "open", warns)
    run_ok("counts", str(BASE + 1))
    assert capsys.readouterr().err == "cavegraph: an id was mapped\n"


@pytest.mark.parametrize("group", [[], ["motifs"]])
def test_every_command_has_a_summary_that_fits(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    commands = run_out(capsys, *group, "--help").split("Commands:")[1]
    assert "..." not in commands


def test_json_has_no_infinity(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_ok("cypher", "RETURN 1.0 / 0.0 AS x, null AS y", "-g", graph, "--json", "-")
    text = capsys.readouterr().out
    assert json.loads(text, parse_constant=pytest.fail) == [{"x": "inf", "y": None}]


def test_loads_that_cannot_be(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = str(tmp_path / "x.lbug")
    assert "nope.csv" in fails(capsys, 3, "load", str(tmp_path / "nope.csv"), "--to", to)
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    assert "column" in fails(capsys, 6, "load", str(bad), "--to", to)
    edges = str(files / "edges.csv")
    fails(capsys, 2, "load", edges, "--column", "weight", "--to", to)
    assert "min_size" in fails(capsys, 2, "load", edges, "--min-size", "nan", "--to", to)
    assert "--in-flight" in fails(capsys, 2, "load", edges, "--in-flight", "0", "--to", to)
    assert "not a valid datastack name" in fails(capsys, 2, "load", " ", "--to", to)
    assert not Path(to).exists()


def test_motifs(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_ok("motifs", "search", "A -> B; B -> C; C -> A", "-g", graph, "--json", "-")
    (match,) = json.loads(capsys.readouterr().out)
    assert {match["A"], match["B"], match["C"]} == {str(BASE + n) for n in (1, 3, 4)}
    run_ok("motifs", "search", "A -> B; B -> A", "--count", "-g", graph)
    assert capsys.readouterr().out.strip() == "1"
    run_ok("motifs", "census", "-g", graph, "--csv", "-")
    census = dict(line.split(",") for line in capsys.readouterr().out.split()[1:])
    assert (census["030C"], sum(map(int, census.values()))) == ("1", 10)


def test_motif_statistics(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_ok("motifs", "statistics", "-g", graph, "--csv", "-")
    said = dict(line.split(",") for line in capsys.readouterr().out.split()[1:])
    run_ok("motifs", "statistics", "--by-neuron", "-g", graph, "--csv", "-")
    _, *lines = capsys.readouterr().out.split()
    assert (said["neurons"], said["reciprocal_pairs"]) == ("5", "1")
    assert len(lines) == 5
    out = sum(int(line.split(",")[2]) for line in lines)
    assert out == int(said["connections"])
    run_ok("motifs", "statistics", "--threshold", "999", "-g", graph, "--csv", "-")
    assert "neurons,0" in capsys.readouterr().out


def test_a_bad_motif(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = fails(capsys, 2, "motifs", "search", "A -> B; A -> ", "-g", graph)
    assert "line 1" in said


@pytest.mark.filterwarnings("default::graphapi.network.significance.FewNullsWarning")
def test_motif_significance(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_ok("motifs", "significance", "--nulls", "3", "-g", graph, "--csv", "-")
    lines = capsys.readouterr().out.split()
    assert lines[0].startswith("triad,observed,mean,std,")
    assert [line.split(",")[0] for line in lines[1:]][-1] == "300"
    motif = "A -> B; B -> C; C -> A"
    run_ok("motifs", "significance", motif, "--nulls", "3", "-g", graph, "--json", "-")
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["motif"], row["observed"]) == (motif, 1)
    said = fails(capsys, 2, "motifs", "significance", "--model", "block", "-g", graph)
    assert "by=" in said or "--by" in said


@pytest.mark.filterwarnings("default::graphapi.network.significance.FewNullsWarning")
def test_motif_report(graph: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run_ok("motifs", "report", str(tmp_path / "out"), "--nulls", "2", "-g", graph)
    written = [Path(line) for line in capsys.readouterr().out.split()]
    assert {path.suffix for path in written} == {".html", ".png", ".csv"}
    assert all(path.is_file() for path in written)


def test_a_load_that_fails_says_that_it_can_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from loader.sandbox.standin import Faults, Rule, serve, write_folder

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CAVEGRAPH_TOKEN", "0" * 32)
    rows = pd.DataFrame({"id": [1, 2], "pre_pt_root_id": [5, 6], "post_pt_root_id": [6, 7]})
    cells = pd.DataFrame({"id": [1], "pt_root_id": [5], "cell_type": ["ER"]})
    folder = write_folder(tmp_path / "served", {"synapses": rows, "cells": cells})
    place = str(tmp_path / "g.lbug")
    # After one row has told the columns, annotations are fetched: a step is finished when the
    # synapses fail.
    fails_later = Faults(wrapped_error=Rule(count=None, after=1, path="/table/synapses/query"))
    with serve(folder, faults=fails_later) as server:
        arguments = ["load", "standin", "--server", server.url, "--to", place, "-a", "cells"]
        assert "run the same command again to continue" in fails(capsys, 5, *arguments)
        server.faults.wrapped_error = None
        run_ok(*arguments)
    assert "2 connections of 2 synapses" in capsys.readouterr().out


def test_ids_from_standard_input(
    graph: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{BASE + 1}\n{BASE + 3}, {BASE + 2}\n"))
    frame = json.loads(run_out(capsys, "counts", "-", "-g", graph, "--json", "-"))
    assert [row["neuron_id"] for row in frame] == [str(BASE + n) for n in (1, 3, 2)]
    monkeypatch.setattr("sys.stdin", io.StringIO("  \n"))
    assert "contains no root ids" in fails(capsys, 2, "counts", "-", "-g", graph)


def test_values_of_a_field(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run_out(capsys, "values", "cell_class", "-g", graph, "--json", "-"))
    assert [(r["value"], r["rows"], r["neurons"]) for r in rows] == [
        ("ER", 2, 2),
        ("EBc", 1, 1),
        ("PFN?", 1, 1),
    ]
    assert "did you mean cell_class" in fails(capsys, 2, "values", "cell_clas", "-g", graph)


def test_info_as_json(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(run_out(capsys, "info", "--json", "-g", graph))
    assert (record["datastack"], record["counts"]["connections"]) == ("edges", 6)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_of_every_command(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    assert "--install-completion" in run_out(capsys, flag)
    assert "--threshold" in run_out(capsys, "counts", flag)
    assert "--nulls" in run_out(capsys, "motifs", "report", flag)


def test_partners_direction_is_explained_the_right_way_round(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in ("partners", "common", "similarity"):
        said = " ".join(run_out(capsys, command, "-h").split())
        assert "upstream: partners that synapse onto the neurons" in said
        assert "downstream: partners that the neurons synapse onto" in said


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize(
    "arguments",
    [
        ["neurons", "-w", "cell_class!="],
        ["adjacency", "-w", "cell_class!="],
        ["cypher", "MATCH (n:Neuron) RETURN n"],
        ["counts", "-w", "cell_class!="],
    ],
)
def test_tables_fit_the_terminal_and_say_what_is_hidden(
    graph: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    arguments: list[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    said = run_out(capsys, *arguments, "-g", graph)
    table = said.split(" row")[0].splitlines()
    assert max(map(len, table)) <= width
    assert "--wide shows all" in said
    wide = run_out(capsys, *arguments, "-g", graph, "--wide")
    assert "--wide" not in wide
    assert max(map(len, wide.splitlines())) > width


def test_ids_are_never_shortened(
    graph: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    assert str(BASE + 2) in run_out(capsys, "downstream", str(BASE + 2), "-g", graph)


def test_columns_are_chosen_for_every_table(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["--columns", "weight,pre", "-g", graph, "--csv", "-"]
    said = run_out(capsys, "downstream", str(BASE + 2), *chosen)
    assert said.split() == ["weight,pre", f"1,{BASE + 2}"]


_STEERING = "\x1b]0;owned\x07\x1b[31mred\u202eback\x9b2J\r\n"


def test_what_steers_a_terminal_is_shown_and_not_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edges = pd.DataFrame({"pre": [BASE + 1], "post": [BASE + 2], "weight": [3]})
    edges.to_parquet(tmp_path / "e.parquet")
    notes = pd.DataFrame({"root_id": [BASE + 1], "cell_class": [_STEERING]})
    notes.to_parquet(tmp_path / "a.parquet")
    place = str(tmp_path / "g\x1b[2J.lbug")
    arguments = ["load", str(tmp_path / "e.parquet"), "-a", str(tmp_path / "a.parquet")]
    run_ok(*arguments, "--to", place, "--name", "stack\x1b[2J")
    for shown in (
        ["info"],
        ["neurons", str(BASE + 1)],
        ["values", "cell_class"],
        ["types"],
        ["cypher", "MATCH (n:Neuron) RETURN n.cell_class AS c"],
        ["verify"],
        ["audit"],
        ["export", str(tmp_path / "\x1b[2J")],
    ):
        said = run_out(capsys, *shown, "-g", place)
        assert not set(said) & set("\x1b\x07\x9b\u202e\r"), shown
    assert "\x1b" not in fails(capsys, 3, "upstream", "5", "-g", place)  # the message names it
    too_long = str(tmp_path / ("\x1b" + "x" * 300))  # an error of the system names it
    assert "\x1b" not in fails(capsys, 1, "info", "-g", too_long)


def test_csv_for_spreadsheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edges = pd.DataFrame({"pre": [BASE + 1], "post": [BASE + 2], "weight": [3]})
    edges.to_csv(tmp_path / "e.csv", index=False)
    notes = pd.DataFrame({"root_id": [BASE + 1, BASE + 2], "cell_class": ["=cmd|' /C x'!A0", "ER"]})
    notes.to_csv(tmp_path / "a.csv", index=False)
    place = str(tmp_path / "g.lbug")
    run_ok("load", str(tmp_path / "e.csv"), "-a", str(tmp_path / "a.csv"), "--to", place)
    chosen = ["--columns", "root_id,cell_class,out_synapses", "-g", place, "--csv", "-"]
    safe = run_out(capsys, "neurons", "-w", "cell_class!=", *chosen, "--csv-safe")
    rows = list(csv.reader(safe.splitlines()))
    assert rows[1:] == [
        [f"'{BASE + 1}", "'=cmd|' /C x'!A0", "3"],
        [f"'{BASE + 2}", "ER", "0"],
    ]
    assert "add --csv" in fails(capsys, 2, "counts", str(BASE + 1), "--csv-safe", "-g", place)


@pytest.mark.parametrize("notes", [None, "root_id,kind\n1,KC\n", "root_id,size\n1,3\n"])
def test_audit_of_a_graph_without_cell_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], notes: str | None
) -> None:
    (tmp_path / "e.csv").write_text("pre,post,weight\n1,2,3\n")
    arguments = ["load", str(tmp_path / "e.csv"), "--to", str(tmp_path / "g.lbug")]
    if notes:
        (tmp_path / "a.csv").write_text(notes)
        arguments += ["-a", str(tmp_path / "a.csv")]
    run_ok(*arguments)
    said = run_out(capsys, "audit", "-g", str(tmp_path / "g.lbug"))
    assert "none of these reads the whole graph" in said
    assert ("type_connectivity" in said) == (notes is not None and "kind" in notes)


def test_ids_with_commas_and_names_for_ids(graph: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = f"{BASE + 1},{BASE + 3}"
    rows = json.loads(run_out(capsys, "counts", listed, "-g", graph, "--json", "-"))
    assert [row["neuron_id"] for row in rows] == [str(BASE + 1), str(BASE + 3)]
    said = fails(capsys, 2, "upstream", "EBc", "-g", graph)
    assert "did you mean --where cell_class=EBc?" in said
    assert "NeuronCriteria" not in said


def test_csv_on_a_terminal_shows_what_steers_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    edges = pd.DataFrame({"pre": [BASE + 1], "post": [BASE + 2], "weight": [3]})
    edges.to_csv(tmp_path / "e.csv", index=False)
    notes = pd.DataFrame({"root_id": [BASE + 1], "cell_class": ["a\x1b[2Jb"]})
    notes.to_parquet(tmp_path / "a.parquet")
    place = str(tmp_path / "g.lbug")
    run_ok("load", str(tmp_path / "e.csv"), "-a", str(tmp_path / "a.parquet"), "--to", place)
    asked = ["neurons", str(BASE + 1), "--columns", "cell_class", "-g", place, "--csv", "-"]
    assert "a\x1b[2Jb" in run_out(capfd, *asked)  # a pipe gets what a file gets
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert run_out(capfd, *asked).split() == ["cell_class", r"a\x1b[2Jb"]
