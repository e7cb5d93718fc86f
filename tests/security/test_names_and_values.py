"""What others name or write never becomes a query, an address, a path or a program."""

from __future__ import annotations

import logging
import pickle
import socket
import time
import traceback
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import requests

import graphapi
from graphapi.cave.arrow import read_answer
from graphapi.engines.ladybug import LadybugEngine
from graphapi.errors import (
    CaveError,
    CavegraphError,
    InputError,
    ReadOnlyError,
    StandinError,
    TableNotFoundError,
)
from graphapi.graph.written import condition
from graphapi.serve.neuprint.parser import unboxed
from loader import AnnotationTable, CaveSource, FileSource, load
from loader.sandbox.standin import Rule, serve, write_folder
from support import build_graph, connections_frame

BASE = 576460752700000000
ROWS = connections_frame(
    [(BASE + 1, BASE + 2, 3), (BASE + 2, BASE + 3, 4), (BASE + 3, BASE + 3, 2)]
)
#: Names of columns that would do something if they were pasted into a query.
NAMES = [
    "x: 1}) DETACH DELETE n //",
    "n) SET n.root_id = 0 //",
    "a'b",
    'a"b',
    "$root_id",
    "} RETURN 1 //",
    "weight IS NULL OR 1 = 1",
    "{x}",
    "%s",
    "ünï çode",
    "select",
    "a;b",
]
VALUES = [
    "' OR 1 = 1 //", '"}) DETACH DELETE n //', "$ids", "\\", "`", "*", ".*", "'); DROP TABLE x; --",
    "\u202e", "%s {0} ${x}",
]  # fmt: skip


def test_names_and_values_of_fields_are_data(tmp_path, place) -> None:
    frame = pd.DataFrame({"root_id": [BASE + 1, BASE + 2]})
    for number, name in enumerate(NAMES):
        frame[name] = [VALUES[number % len(VALUES)], f"plain{number}"]
    build_graph(tmp_path, ROWS, frame, to=place)
    with graphapi.Connectome.open(place) as connectome:
        before = connectome.to_sparse().connections.to_frame()
        assert len(before) == 2
        for number, name in enumerate(NAMES):
            value = VALUES[number % len(VALUES)]
            found = connectome.criteria(**{name: value}).get_roots()
            assert found.tolist() == [BASE + 1], name
            assert connectome.criteria(**{name: f"plain{number}"}).get_roots().tolist() == [
                BASE + 2
            ]
            rows = connectome.get_annotations([BASE + 1, BASE + 2])
            assert rows[name].tolist() == [value, f"plain{number}"]
            table = connectome.get_type_connectivity(name)
            assert set(table["pre_type"]) == {value, f"plain{number}"}
        with pytest.raises(InputError, match=r"no|unknown"):
            connectome.criteria(**{"x` = 1 //": "y"}).get_roots()
        assert connectome.to_sparse().connections.to_frame().equals(before)
        assert len(connectome.root_ids()) == 3


@pytest.mark.parametrize(
    "text",
    [
        "CREATE (:Neuron {root_id: 1})",
        "MATCH (n:Neuron) SET n.in_synapses = 9",
        "MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) DELETE c",
        "DROP TABLE CONNECTS",
        "ALTER TABLE Neuron ADD x INT64",
        "CREATE NODE TABLE Other(id INT64, PRIMARY KEY(id))",
    ],
)
def test_it_is_the_engine_that_refuses_to_write(tmp_path, text) -> None:
    """Past every look at the text: straight to the database that was opened for reading."""
    place = Path(build_graph(tmp_path, ROWS))
    before = place.read_bytes()
    engine = LadybugEngine.open(place)
    with pytest.raises(ReadOnlyError):
        engine._execute(text, {}, None, "straight")
    engine.close()
    assert place.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith((".wal", ".shadow"))] == []


@pytest.mark.parametrize(
    "text",
    [
        "COPY (MATCH (n:Neuron) RETURN n.root_id) TO '{out}'",
        "MATCH (n:Neuron) RETURN n.root_id; COPY (MATCH (n) RETURN n) TO '{out}'",
        "LOAD FROM '{secret}' RETURN *",
        "UNWIND [1] AS x LOAD FROM '{secret}' RETURN *",
        "WITH 1 AS x LOAD WITH HEADERS (a STRING) FROM '{secret}' RETURN a",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{secret}' AS s (dbtype sqlite)",
        "INSTALL httpfs",
        "CALL home_directory='{out}'",
        "IMPORT DATABASE '{out}'",
        "/* MATCH */ COPY (MATCH (n) RETURN n) TO '{out}'",
        "EXPLAIN COPY (MATCH (n) RETURN n) TO '{out}'",
    ],
)
def test_own_cypher_reaches_no_file(tmp_path, text) -> None:
    place = build_graph(tmp_path, ROWS)
    out, secret = tmp_path / "out.csv", tmp_path / "secret.csv"
    secret.write_text("a\nhidden\n")
    with graphapi.Connectome.open(place) as connectome, pytest.raises(CavegraphError) as caught:
        connectome.cypher(text.format(out=out, secret=secret))
    assert "hidden" not in str(caught.value)
    assert not out.exists()


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def armed(path: Path, columns: dict[str, list]) -> pa.Table:
    """A table whose columns say that they are of a type that is unpickled."""
    payload = pickle.dumps(Bomb(path))
    plain = pa.table(columns)
    notes = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": payload,
    }
    fields = [field.with_metadata(notes) for field in plain.schema]
    whole = {b"pandas": payload, b"PANDAS_ATTRS": payload}
    return pa.Table.from_arrays(plain.columns, schema=pa.schema(fields, metadata=whole))


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
@pytest.mark.parametrize("kind", ["rows", "annotations"])
def test_nothing_is_unpickled_from_files(tmp_path, ending, kind) -> None:
    bomb = tmp_path / "exploded"
    good, bad = tmp_path / "good.csv", tmp_path / f"bad{ending}"
    good.write_text("pre,post,weight\n1,2,3\n")
    columns = {"pre": [1], "post": [2], "weight": [3]} if kind == "rows" else {"root_id": [1]}
    write = pq.write_table if ending == ".parquet" else feather.write_feather
    write(armed(bomb, columns), bad)
    source = FileSource(bad) if kind == "rows" else FileSource(good, annotations=[bad])
    try:
        load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    except CavegraphError as error:
        assert str(bad) in str(error)  # noqa: PT017
    assert not bomb.exists()


def test_nothing_is_unpickled_from_answers_and_served_folders(tmp_path) -> None:
    bomb = tmp_path / "exploded"
    table = armed(bomb, {"id": [1, 2], "pre_pt_root_id": [5, 6], "post_pt_root_id": [6, 7]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    read_answer(sink.getvalue().to_pybytes())
    folder = write_folder(tmp_path / "served", {"synapses": pa.table(table.to_pydict())})
    pq.write_table(table, folder / "tables" / "synapses" / "v1.parquet")
    with serve(folder) as server:
        source = CaveSource(server.datastack, server=server.url, token="0" * 32)
        load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert not bomb.exists()


def test_the_bomb_would_explode(tmp_path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "exploded")))  # noqa: S301
    assert (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "name", ["../../materialize/version", "a/b", "a?x=1", "a#b", "..", "a b", "", "a%2fb", "ä"]
)
def test_names_are_no_parts_of_addresses(tmp_path, name) -> None:
    rows = pd.DataFrame({"id": [1], "pre_pt_root_id": [5], "post_pt_root_id": [6]})
    folder = write_folder(tmp_path / "served", {"synapses": rows})
    with serve(folder) as server:
        given = {"server": server.url, "token": "0" * 32}
        with pytest.raises(InputError, match="datastack"):
            load(CaveSource(name, **given), tmp_path / "g.lbug", work=tmp_path / "w")
        assert server.requests == []
        with pytest.raises((InputError, TableNotFoundError)):
            load(
                CaveSource(server.datastack, annotations=[AnnotationTable(name)], **given),
                tmp_path / "g.lbug",
                work=tmp_path / "w",
            )
        if name:
            with pytest.raises(InputError, match="table"):
                load(
                    CaveSource(server.datastack, synapse_table=name, **given),
                    tmp_path / "g.lbug",
                    work=tmp_path / "w",
                )
        assert not [r for r in server.requests if name and name in r.path]


@pytest.mark.parametrize("name", ["x'; DROP TABLE y; --", 'a"b', "a b$(touch x)", "ünï", "{0}"])
def test_names_of_files_are_names(tmp_path, name) -> None:
    folder = tmp_path / name
    folder.mkdir()
    rows, table = folder / f"{name}.csv", folder / f"{name}.parquet"
    rows.write_text("pre,post,weight\n1,2,3\n")
    pq.write_table(pa.table({"root_id": [1], "kind": ["k"]}), table)
    place = folder / f"{name}.lbug"
    load(FileSource(rows, annotations=[table]), place, work=folder / "w", progress=False)
    with graphapi.Connectome.open(place) as connectome:
        assert connectome.get_annotations([1])["kind"].tolist() == ["k"]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "inside",
    ["tables/synapses/v1.parquet", "tables/synapses", "tables", "datastack.json", "volumes"],
)
def test_links_out_of_a_served_folder_are_refused(tmp_path, inside) -> None:
    rows = pd.DataFrame({"id": [1], "pre_pt_root_id": [5], "post_pt_root_id": [6]})
    folder = write_folder(tmp_path / "served", {"synapses": rows})
    (folder / "volumes").mkdir()
    outside = tmp_path / "outside"
    (folder / inside).rename(outside)
    (folder / inside).symlink_to(outside)
    with pytest.raises(StandinError, match="link out of the folder"):
        serve(folder)


def test_a_segmentation_elsewhere_is_not_read(tmp_path) -> None:
    rows = pd.DataFrame({"id": [1], "pre_pt_root_id": [5], "post_pt_root_id": [6]})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "info").write_text('{"mesh": "hidden"}')
    folder = write_folder(tmp_path / "served", {"synapses": rows}, segmentation="../../outside")
    (folder / "volumes").mkdir()
    with serve(folder) as server:
        url = f"{server.url}/segmentation/table/standin_seg/info"
        answer = requests.get(url, timeout=10)
    assert "hidden" not in answer.text


def test_the_stand_in_listens_on_loopback_alone(tmp_path) -> None:
    rows = pd.DataFrame({"id": [1], "pre_pt_root_id": [5], "post_pt_root_id": [6]})
    with serve(write_folder(tmp_path / "served", {"synapses": rows})) as server:
        assert server._web._socket.getsockname()[0] == "127.0.0.1"
        port = int(server.url.rpartition(":")[2])
        # 127.0.0.2 is this machine too: a server on all addresses would answer there.
        assert [_answers(host, port) for host in ("127.0.0.2", "127.0.0.1")] == [False, True]


def _answers(host: str, port: int) -> bool:
    with socket.socket() as other:
        other.settimeout(5)
        return other.connect_ex((host, port)) == 0


def test_a_token_is_in_no_file_no_log_and_no_error(tmp_path, caplog, monkeypatch) -> None:
    token = "feedfacecafe0123456789abcdef9876"
    rows = pd.DataFrame({"id": [1, 2], "pre_pt_root_id": [5, 6], "post_pt_root_id": [6, 7]})
    folder = write_folder(tmp_path / "served", {"synapses": rows})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    caplog.set_level(logging.DEBUG)
    with serve(folder, token=token) as server:
        source = CaveSource(server.datastack, server=server.url, token=token)
        report = load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
        server.faults.wrapped_error = Rule(count=None)
        with pytest.raises(CaveError) as caught:
            load(
                CaveSource(server.datastack, server=server.url, token=token),
                tmp_path / "h.lbug",
                work=tmp_path / "w2",
                progress=False,
            )
        assert token not in repr(server.requests)
    trace = "".join(traceback.format_exception(caught.value))
    assert token not in f"{report}{report!r}{caught.value}{caught.value!r}{trace}"
    assert token not in caplog.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path.name for path in files if token.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("read", "before"),
    [
        (condition, "field"),
        (unboxed, 'CALL apoc.cypher.runTimeboxed("RETURN 1", {}, 1) YIELD value RETURN value.x'),
    ],
)
def test_a_long_run_of_spaces_is_read_once(read, before) -> None:
    """Texts come from visitors: one that is read again from each space stops the server."""
    start = time.monotonic()
    with suppress(InputError):
        read(f"{before}{' ' * 20_000}x")
    assert time.monotonic() - start < 2
