"""Inputs for fuzzing: nearly right, and wrong in every way that a draw may hit on."""

from __future__ import annotations

import functools
import gzip
import io
import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from hypothesis import strategies as st

from graphapi.graph.materialization import Materialization
from loader.sandbox.standin import write_folder
from loader.sources.presets import known_presets
from loader.work.workspace import Workspace

KEY = {"what": "a load"}
_BIG = 576_460_752_700_000_001
#: Values that are right, nearly right, or traps.
_WORDS = [
    "1", "2", "3", "17", str(_BIG), str(2**63), str(2**64), "-1", "0", "1.0", "1e3", "2.5", "nan",
    "NA", "None", "", " ", "abc", "ER", "true", "'", '"', '""', "'); DROP TABLE x; --", "=1+1",
    "a,b", "a;b", "\t", "\r", "\0", "\x1b[31m", "é", "日本", "\ufeff", "\u202e", "../../x", "${x}",
    "`", "\\", "\\n", "1" * 400, "[1, 2]", "{}", "2024-01-01",
]  # fmt: skip
_NAMES = [
    "pre", "post", "weight", "size", "valid", "size_sum", "pre_pt_root_id", "post_pt_root_id",
    "root_id", "supervoxel_id", "_id", "id", "cell_type", "side", "pt_root_id", "pt_position",
    "pt_position_x", "pt_position_y", "pt_position_z", "target_id", "volume", "x_root_id_ref",
    "pt_supervoxel_id", "created", "a`b", "", "Side", "in_synapses", "annotation_id",
]  # fmt: skip
_TEXT_ENDINGS = [".csv", ".tsv", ".csv.gz"]
_COLUMN_ENDINGS = [".parquet", ".feather", ".parquet.gz"]


def text_files(kind: str) -> st.SearchStrategy[tuple[str, bytes]]:
    """Endings and contents: lines of words under likely headers, at times damaged."""
    header = ["pre", "post", "weight"] if kind == "rows" else ["root_id", "cell_type", "side"]
    words = st.sampled_from(_WORDS) | st.integers(1, 9).map(str) | st.text(max_size=4)
    names = st.just(header) | st.lists(st.sampled_from(_NAMES), min_size=1, max_size=5)
    lines = st.lists(st.lists(words, min_size=1, max_size=5), max_size=6)
    good = st.lists(st.tuples(*[st.integers(1, 9).map(str)] * 3).map(list), max_size=6)
    ends = st.sampled_from(["\n", "\r\n", "\r"])

    def content(top: list[str], rows: list[list[str]], end: str, quoted: bool, ending: str) -> Any:
        sign = "\t" if "tsv" in ending else ","
        cells = [[f'"{w}"' if quoted else w for w in row] for row in [top, *rows]]
        text = end.join(sign.join(row) for row in cells) + end
        return ending, text.encode("utf-8", "surrogatepass")

    whole = st.builds(
        content, names, lines | good, ends, st.booleans(), st.sampled_from(_TEXT_ENDINGS)
    )
    return st.tuples(whole, _damages(most=2), st.booleans()).map(_packed)


def column_files(kind: str) -> st.SearchStrategy[tuple[str, bytes]]:
    """Endings and contents: tables of any types, and good ones with damaged bytes."""
    good = st.just(_good_table(kind))
    whole = st.tuples(good | tables() | tables(kind), st.sampled_from(_COLUMN_ENDINGS)).map(
        lambda drawn: (drawn[1], _written(*drawn))
    )
    return st.tuples(whole, _damages(most=4), st.booleans()).map(_packed)


def _good_table(kind: str) -> pa.Table:
    if kind == "rows":
        return pa.table({"pre": [_BIG, 2, 3], "post": [2, 3, _BIG], "weight": [4, 5, 6]})
    return pa.table({"root_id": [_BIG, 2], "cell_type": ["ER", None], "tags": [["a"], []]})


def _written(table: pa.Table, ending: str) -> bytes:
    sink = io.BytesIO()
    try:
        if ending == ".feather":
            feather.write_feather(table, sink)
        else:
            pq.write_table(table, sink)
    except (pa.ArrowException, ValueError):  # two columns of one name: no such file
        return b"PAR1"
    return sink.getvalue()


def _packed(drawn: tuple[tuple[str, bytes], list[tuple[float, int]], bool]) -> tuple[str, bytes]:
    (ending, content), damages, inside = drawn
    is_packed = ending.endswith(".gz")
    content = _damaged(content, damages) if inside or not is_packed else content
    content = gzip.compress(content, 1) if is_packed else content
    return ending, content if inside else _damaged(content, damages)


def _damages(most: int) -> st.SearchStrategy[list[tuple[float, int]]]:
    """Places (as a share of the length) and bytes; -1 cuts the rest off."""
    one = st.tuples(st.floats(0, 0.999), st.integers(-1, 255))
    return st.just([]) | st.lists(one, max_size=most)


def _damaged(content: bytes, damages: list[tuple[float, int]]) -> bytes:
    changed = bytearray(content)
    for place, byte in damages:
        at = int(place * len(changed))
        if byte < 0:
            del changed[at:]
        elif at < len(changed):
            changed[at] = byte
    return bytes(changed)


def cave_tables() -> st.SearchStrategy[pa.Table]:
    """Tables as CAVE serves them, with columns exchanged or added; or any."""
    whole = pa.array([_BIG, 2, 3])
    good = dict.fromkeys(["id", "pt_root_id", "pre_pt_root_id", "post_pt_root_id"], whole)
    synapses = {name: good[name] for name in ("id", "pre_pt_root_id", "post_pt_root_id")}
    cells = {name: good[name] for name in ("id", "pt_root_id")}
    others = st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_COLUMNS), max_size=3)
    made = st.tuples(st.sampled_from([synapses, cells]), others).map(
        lambda drawn: pa.table({**drawn[0], **drawn[1]})
    )
    return made | tables()


def tables(kind: str | None = None) -> st.SearchStrategy[pa.Table]:
    """Arrow tables of three rows: likely names, any types; of a kind: its names are there."""
    names = {"rows": ["pre", "post", "weight"], "table": ["root_id", "side"], None: []}[kind]
    columns = st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_COLUMNS), max_size=6)
    if not names:
        return columns.map(pa.table)
    needed = st.fixed_dictionaries({name: st.sampled_from(_COLUMNS) for name in names})
    return st.tuples(needed, columns).map(lambda drawn: pa.table({**drawn[1], **drawn[0]}))


_COLUMNS = [
    pa.array([1, 2, 3]), pa.array([1, None, 3]), pa.array([_BIG, 0, 1]), pa.array([-1, 2, 3]),
    pa.array([1, 2, 2**64 - 1], pa.uint64()), pa.array([1, 2, 3], pa.int8()),
    pa.array([1.0, 2.0, 3.0]), pa.array([1.5, None, float("nan")]),
    pa.array([float("inf"), 1.0, 1e300]), pa.array([1, 2, 3], pa.float32()),
    pa.array([1, 2, 3]).cast(pa.float16()), pa.array(["a", "b", None]), pa.array(["1", "2", "3"]),
    pa.array(["a", "b", "a"]).dictionary_encode(), pa.array([b"a", b"\xff", None]),
    pa.nulls(3), pa.array([True, None, False]), pa.array([[1], [], None]),
    pa.array([["a", None], ["b"], []]), pa.array([[[1]], [], None]),
    pa.array([{"a": 1}, None, {"a": 2}]), pa.array([0, 1, None], pa.timestamp("ns", "UTC")),
    pa.array([0, 1, 2], pa.date32()), pa.array([0, 1, 2], pa.duration("s")),
    pa.array([0, 1, 2], pa.time64("us")), pa.array([1, 2, 3]).cast(pa.decimal128(38, 10)),
    pa.array([1, 2, 3], pa.decimal128(38, 0)), pa.array([[1, 2, 3]] * 3, pa.list_(pa.int32(), 3)),
    pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
    pa.array(["x", "y", None], pa.large_string()), pa.array([b"abc"] * 3, pa.binary(3)),
]  # fmt: skip


def json_values() -> st.SearchStrategy[object]:
    """JSON of any shape under the names that CAVE's records have."""
    plain = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
        | st.text(max_size=5) | st.sampled_from(["2024-01-01T00:00:00.000000", "AVAILABLE", "x"])
    )  # fmt: skip
    keys = st.sampled_from(
        [
            "version", "time_stamp", "expires_on", "valid", "status", "is_merged", "local_server",
            "aligned_volume", "name", "id", "image_source", "viewer_resolution_x",
            "viewer_resolution_y", "viewer_resolution_z", "voxel_resolution_x", "schema_type",
            "segmentation_source", "synapse_table", "soma_table", "description", "table_name",
            "reference_table", "datastack",
        ]
    )  # fmt: skip
    return st.recursive(
        plain,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(keys, inner, min_size=2, max_size=14)
        ),
        max_leaves=16,
    )


def cave_records() -> st.SearchStrategy[object]:
    """What CAVE says of a datastack, a version and a table, with values exchanged; or any JSON."""
    good = {
        "version": 3, "time_stamp": datetime(2024, 1, 1, tzinfo=UTC), "expires_on": None,
        "valid": True, "status": "AVAILABLE", "is_merged": True, "table_name": "t",
        "aligned_volume": {"name": "v", "id": 1, "image_source": "precomputed://x"},
        "viewer_resolution_x": 4, "viewer_resolution_y": 4, "viewer_resolution_z": 40,
        "voxel_resolution": [4, 4, 40], "segmentation_source": "graphene://x/table/seg",
        "local_server": "http://x", "description": "", "synapse_table": "s",
    }  # fmt: skip
    changed = st.dictionaries(st.sampled_from(sorted(good)), json_values(), max_size=2)
    return changed.map(lambda new: {**good, **new}) | json_values()


def presets() -> st.SearchStrategy[bytes]:
    """TOML of a preset with lines of others, left out, doubled or damaged."""
    lines = [line for name in known_presets() for line in _preset_lines(name)]
    lines += [
        "[synapses]",
        "[[annotations]]",
        "datastack = 3",
        'x = "y"',
        "tried = 1",
        "a.b = [[]]",
    ]
    some = st.lists(st.sampled_from(lines), max_size=9).map(lambda ls: "\n".join(ls).encode())
    named = some.map(lambda text: b'datastack = "x"\n' + text)
    return st.tuples(some | named, _damages(most=2)).map(lambda drawn: _damaged(*drawn))


@functools.cache
def _preset_lines(name: str) -> list[str]:
    import loader.sources.presets

    text = (Path(loader.sources.presets.__file__).parent / f"{name}.toml").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def manifests() -> st.SearchStrategy[bytes]:
    """Manifests, right or nearly, with steps of any shape."""
    return st.deferred(_manifests)


def _manifests() -> st.SearchStrategy[bytes]:
    values = st.recursive(
        st.none() | st.integers() | st.text(max_size=3) | st.booleans(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["rows", "files", "info", "rows.parquet", "bytes", "sha256", "x"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
    good = _manifest()
    step = st.fixed_dictionaries({"files": values, "info": values}) | values
    steps = st.fixed_dictionaries({"rows": step}) | values
    changed = st.dictionaries(st.sampled_from(["layout", "key", "checksum"]), values, max_size=2)
    texts = (
        st.just(good)
        | st.tuples(steps, changed).map(lambda new: {**good, "steps": new[0], **new[1]})
        | changed.map(lambda new: {**good, **new})
        | values
    ).map(lambda value: json.dumps(value).encode())
    return st.tuples(texts, _damages(most=1)).map(lambda drawn: _damaged(*drawn))


@functools.cache
def _manifest() -> dict[str, Any]:
    """What a load leaves behind that has finished one step without files."""
    folder = Path(tempfile.mkdtemp(prefix="cavegraph-manifest"))
    with Workspace(folder, KEY) as workspace:
        workspace.finish("rows", info={"rows": 3})
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    shutil.rmtree(folder)
    return manifest


def arrow_bodies() -> st.SearchStrategy[bytes]:
    """Arrow streams of any columns, plain or compressed, damaged."""

    def body(table: pa.Table, codec: str | None) -> bytes:
        sink = io.BytesIO()
        options = pa.ipc.IpcWriteOptions(compression=codec)
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        return sink.getvalue()

    bodies = st.builds(body, tables(), st.sampled_from([None, "zstd", "lz4"]))
    return st.tuples(bodies, _damages(most=4)).map(lambda drawn: _damaged(*drawn))


def graph_records() -> st.SearchStrategy[str]:
    """Texts of a `:Materialization`, with values exchanged, or damaged."""
    good = Materialization(
        datastack="x", version=1, load_id="y", timestamp="", source="cave",
        loaded_at="2024-01-01", cavegraph_version="1",
    ).to_json()  # fmt: skip
    changed = st.dictionaries(st.sampled_from(sorted(json.loads(good))), json_values(), max_size=3)
    texts = changed.map(lambda new: json.dumps({**json.loads(good), **new}))
    damaged = st.tuples(texts.map(str.encode), _damages(most=2)).map(lambda d: _damaged(*d))
    return (texts | damaged.map(lambda b: b.decode("utf-8", "replace"))) | json_values().map(
        json.dumps
    )


@functools.cache
def served_folder() -> Path:
    """A small folder that can be served."""
    rows = pa.table({"id": [1, 2], "pre_pt_root_id": [5, 6], "post_pt_root_id": [6, 7]})
    return write_folder(Path(tempfile.mkdtemp(prefix="cavegraph-served")), {"synapses": rows})


def folder_records() -> st.SearchStrategy[bytes]:
    """Contents of a `datastack.json`."""
    return st.deferred(_folder_records)


def _folder_records() -> st.SearchStrategy[bytes]:
    good = json.loads((served_folder() / "datastack.json").read_text())
    values = json_values() | st.sampled_from(["../..", "/etc", "a/b", [1, 2, 3], [[]], [{}]])
    changed = st.dictionaries(st.sampled_from(sorted(good)), values, max_size=2)
    texts = changed.map(lambda new: json.dumps({**good, **new}).encode())
    return st.tuples(texts, _damages(most=1)).map(lambda drawn: _damaged(*drawn))


def questions() -> st.SearchStrategy[bytes]:
    """Bodies of queries to the stand-in."""
    keys = st.sampled_from(
        ["filter_in_dict", "filter_spatial_dict", "select_columns", "offset", "limit", "tables",
         "desired_resolution", "suffix_map", "nonsense"]
    )  # fmt: skip
    bodies = st.dictionaries(keys, json_values(), max_size=4) | json_values()
    return st.tuples(bodies.map(lambda b: json.dumps(b).encode()), _damages(most=1)).map(
        lambda drawn: _damaged(*drawn)
    )


def token_files() -> st.SearchStrategy[bytes]:
    """Contents of a file of secrets."""
    values = json_values() | st.fixed_dictionaries({"token": json_values()})
    return st.tuples(values.map(lambda v: json.dumps(v).encode()), _damages(most=1)).map(
        lambda drawn: _damaged(*drawn)
    )
