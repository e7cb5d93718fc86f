"""Tables as outsiders publish and save them: right, refused with what to do, or a guess said.

What is right is written out by hand here, from what the publishers say of their files.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError
from loader import AnnotationFile, FileSource
from loader.sources import places
from loader.stages.make import Stages, make
from loader.stages.plausible import check_plausible
from loader.work.settings import Settings
from loader.work.workspace import Workspace

SETTINGS = Settings(progress=False, threads=1)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def staged(folder: Path, *files: Path, **options: object) -> Stages:
    source = FileSource([str(file) for file in files], **options)
    with Workspace(folder / "work", source.origin().key) as workspace:
        source.extract(workspace, SETTINGS)
        return check_plausible(make(workspace, None, SETTINGS))


def neurons(made: Stages) -> dict[int, dict[str, object]]:
    return {row["root_id"]: row for row in pq.read_table(made.neurons).to_pylist()}


def weights(made: Stages) -> dict[tuple[object, object], int]:
    called = {root: row.get("name", root) for root, row in neurons(made).items()}
    rows = pq.read_table(made.connections).to_pylist()
    return {(called[row["pre"]], called[row["post"]]): row["weight"] for row in rows}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


#: Two versions of one table: first rows, second rows. No column tells the versions apart.
VERSIONS = {
    "worms of two ages": ("pre,post,type,synapses", "A,B,chemical,3", "A,B,chemical,4"),
    "neuPrint's client": (
        "bodyId_pre,bodyId_post,weight,type_pre,type_post", "11,12,3,T,U", "11,12,4,T,U",
    ),
    "shares beside": ("pre,post,weight,side,share", "1,2,3,left,0.25", "1,2,4,left,0.5"),
}  # fmt: skip


@pytest.mark.parametrize("how", VERSIONS)
def test_rows_of_a_pair_that_their_other_columns_do_not_tell_apart(tmp_path, how):
    header, one, two = VERSIONS[how]
    files = [
        written(tmp_path, f"{n}.csv", f"{header}\n{row}\n") for n, row in enumerate((one, two))
    ]
    with pytest.raises(CavegraphError, match="1 rows repeat a pair") as caught:
        staged(tmp_path, *files)
    assert "--column weight=" in caught.value.hint


@pytest.mark.parametrize("header", ["pre,post,part,weight", "bodyId_pre,bodyId_post,part,weight"])
def test_rows_of_a_pair_that_another_column_tells_apart_are_summed(tmp_path, header):
    path = written(tmp_path, "e.csv", f"{header}\n11,12,axon,3\n11,12,dendrite,4\n12,13,axon,1\n")
    assert weights(staged(tmp_path, path)) == {(11, 12): 7, (12, 13): 1}


RING = [(0, 1, 5), (1, 2, 6), (2, 3, 7), (3, 0, 8)]
NODES = "source,target,weight\n" + "".join(f"{a},{b},{n}\n" for a, b, n in RING)
GRID = ",0,1,2,3\n0,0,5,0,0\n1,0,0,6,0\n2,0,0,0,7\n3,8,0,0,0\n"
ALL = {(str(a), str(b)): n for a, b, n in RING}
BUT_ZERO = {(1, 2): 6, (2, 3): 7}


@pytest.mark.parametrize(
    ("text", "ends"),
    [(NODES, ("source", "target")), (GRID, ("pre", "post"))],
    ids=["list", "matrix"],
)
def test_the_first_of_numbered_nodes_is_not_lost(tmp_path, text, ends):
    path = written(tmp_path, "e.csv", text)
    with pytest.raises(CavegraphError, match="numbered from 0 to 3") as caught:
        staged(tmp_path, path)
    assert "--ids names" in caught.value.hint
    assert weights(staged(tmp_path / "a", path, ids="names")) == ALL
    keep = [f"{end}!=0" for end in ends]
    assert weights(staged(tmp_path / "b", path, keep=keep)) == BUT_ZERO


def test_numbers_of_any_type_may_be_names(tmp_path):
    path = tmp_path / "e.parquet"
    pd.DataFrame(RING, columns=["source", "target", "weight"]).to_parquet(path)
    assert weights(staged(tmp_path, path, ids="names")) == ALL


def test_a_zero_that_is_left_out_among_small_ids_is_said(tmp_path, capsys):
    path = written(tmp_path, "e.csv", NODES.replace("source,target", "pre,post"))
    source = FileSource(path)
    with Workspace(tmp_path / "work", source.origin().key) as workspace:
        source.extract(workspace, Settings(threads=1))
    said = capsys.readouterr().err
    assert "id 0 is taken for background and left out (2 ends of rows)" in said
    assert "--ids names" in said


@pytest.mark.parametrize("label", ["Total", "row sum", "Sums"])
def test_sums_are_not_neurons(tmp_path, label):
    matrix = written(tmp_path, "m.csv", f",A,B,{label}\nA,0,3,3\nB,4,0,4\n{label},4,3,7\n")
    listed = written(tmp_path, "e.csv", f"pre,post,weight\nA,B,3\nB,A,4\n{label},{label},7\n")
    for number, path in enumerate((matrix, listed)):
        with pytest.raises(CavegraphError, match="looks like a sum") as caught:
            staged(tmp_path / f"{number}", path)
        keep = caught.value.hint.split("'")[1::2]
        assert weights(staged(tmp_path / f"{number}k", path, keep=keep)) == {
            ("A", "B"): 3, ("B", "A"): 4,
        }  # fmt: skip


def test_connections_that_all_occur_in_both_directions_are_noted(tmp_path):
    pairs = [(f"N{n}", f"N{n + 1}", n + 1) for n in range(6)]
    both = [*pairs, *((b, a, n) for a, b, n in pairs)]
    header = "pre,post,weight\n"
    path = written(tmp_path, "a.csv", header + "".join(f"{a},{b},{n}\n" for a, b, n in both))
    assert "12 connections also occurs in the other direction" in " ".join(
        staged(tmp_path, path).notes
    )
    both[0] = ("N0", "N1", 9)
    path = written(tmp_path, "b.csv", header + "".join(f"{a},{b},{n}\n" for a, b, n in both))
    assert not staged(tmp_path / "b", path).notes


def test_kinds_that_are_numbers_are_not_summed(tmp_path):
    path = written(tmp_path, "e.csv", "pre,post,typ,weight\nA,B,0,3\nB,C,2,4\n")  # NemaNode's typ
    with pytest.raises(CavegraphError, match="different kinds"):
        staged(tmp_path, path)


def test_a_row_about_a_left_and_a_right_neuron_is_of_both(tmp_path):
    path = written(tmp_path, "e.csv", "pre,post,weight\n11,12,3\n12,13,4\n13,14,5\n")
    table = written(
        tmp_path, "s2.csv", "left_id,right_id,celltype\n11,12,KC\n13,no pair,PN\nno pair,14,MBON\n"
    )
    found = neurons(staged(tmp_path, path, annotations=[table]))
    kinds = {root: row["celltype"] for root, row in found.items()}
    assert kinds == {11: "KC", 12: "KC", 13: "PN", 14: "MBON"}


OBLONG = ",X,Y\nA,1,NA\nB,,2\nC,3,NaN\n"


def test_a_matrix_may_be_oblong_if_its_rows_are_named(tmp_path):
    path = written(tmp_path, "m.csv", OBLONG)
    with pytest.raises(CavegraphError, match="no column for") as caught:
        staged(tmp_path, path)
    assert "--column pre=rows" in caught.value.hint
    right = {("A", "X"): 1, ("B", "Y"): 2, ("C", "X"): 3}
    assert weights(staged(tmp_path / "r", path, columns={"pre": "rows"})) == right
    turned = {(b, a): n for (a, b), n in right.items()}
    assert weights(staged(tmp_path / "c", path, columns={"pre": "columns"})) == turned
    twice = written(tmp_path, "t.csv", OBLONG.replace("B,", "A,"))
    with pytest.raises(CavegraphError, match="1 rows of the matrix have no label"):
        staged(tmp_path / "t", twice, columns={"pre": "rows"})


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_a_matrix_may_have_its_labels_last_as_pandas_writes_them(tmp_path, ending):
    frame = pd.DataFrame([[0, 3.0], [4, 0]], index=["A", "B"], columns=["A", "B"])
    path = tmp_path / f"m.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.reset_index().to_feather(path)
    assert weights(staged(tmp_path, path)) == {("A", "B"): 3, ("B", "A"): 4}


def test_what_a_matrix_of_shares_needs_is_not_another_column(tmp_path):
    path = written(tmp_path, "m.csv", ",A,B\nA,0,0.5\nB,1,0\n")
    with pytest.raises(CavegraphError) as caught:
        staged(tmp_path, path)
    assert "matrix of counts" in caught.value.hint
    assert "--column" not in caught.value.hint


def test_single_spaces_separate_as_in_edge_lists(tmp_path):
    right = {(11, 12): 3, (12, 13): 4}
    path = written(tmp_path, "e.csv", "pre post weight\n11 12 3\n12 13 4\n")
    assert weights(staged(tmp_path, path)) == right
    bare = written(tmp_path, "bare.csv", "11 12 3\n12 13 4\n")
    names = written(tmp_path, "names.csv", "pre\npost\nweight\n")
    assert weights(staged(tmp_path / "b", bare, header=names)) == right


@pytest.mark.parametrize("row", ["5,5,3", "5,7,5"])
def test_a_number_that_occurs_twice_in_the_first_row_is_not_a_name(tmp_path, row):
    path = written(tmp_path, "e.csv", f"{row}\n7,8,2\n")
    with pytest.raises(CavegraphError, match="has no header") as caught:
        staged(tmp_path, path)
    assert "--header" in caught.value.hint


def test_a_comment_that_names_the_columns_need_only_lose_its_sign(tmp_path):
    text = "# source, target, weight\n11, 12, 3\n"  # as networks.skewed.de writes it
    with pytest.raises(CavegraphError, match="no column for") as caught:
        staged(tmp_path, written(tmp_path, "e.csv", text))
    assert "only its '#'" in caught.value.hint
    path = written(tmp_path, "f.csv", text[1:])
    assert weights(staged(tmp_path / "f", path)) == {(11, 12): 3}


def test_files_that_differ_say_how(tmp_path):
    one = written(tmp_path, "one/a.csv", "pre,post,weight\n11,12,3\n")
    written(tmp_path, "one/b.csv", "bodyId,type\n11,T\n")
    with pytest.raises(CavegraphError, match="it lacks 'pre', 'post', 'weight' and also has 'body"):
        staged(tmp_path, one.parent)


def test_shards_may_write_whole_numbers_of_different_sizes(tmp_path):
    paths = [tmp_path / f"{n}.parquet" for n in range(3)]
    for n, (path, kind) in enumerate(zip(paths, ["int8", "int64", "int32"], strict=True)):
        frame = pd.DataFrame({"pre": [11 + n], "post": [12 + n], "weight": [300 if n else 3]})
        frame.astype({"weight": kind}).to_parquet(path)
    assert weights(staged(tmp_path, *paths)) == {(11, 12): 3, (12, 13): 300, (13, 14): 300}


def test_files_that_only_tell_about_tables_are_no_tables(tmp_path):
    path = written(tmp_path, "f/edges.csv", "pre,post,weight\n11,12,3\n")
    for name in ("README.txt", "md5sums.txt", "LICENSE.txt", "readme_v2.txt"):
        written(path.parent, name, "about")
    assert [file.path for file in places.tables([path.parent])] == [path]
    written(path.parent, "shard2.txt", "11,12,3")
    with pytest.raises(CavegraphError, match=r"shard2.txt' has a format"):
        places.tables([path.parent])


@pytest.mark.parametrize(
    "name", ["g.graphml", "g.gml", "c.db", "w.mat", "w.mtx", "p.pkl", "a.edges"]
)
def test_files_of_other_programs_say_what_to_do(tmp_path, name):
    with pytest.raises(CavegraphError, match="a format that cannot be read") as caught:
        places.tables([written(tmp_path, name, "x")])
    assert any(word in caught.value.hint for word in ("write", "export", "rename", "open"))


def test_a_text_that_may_be_cut_off_is_said(tmp_path, capsys):
    for name, end in (("whole.csv", "\n"), ("cut.csv", "")):
        source = FileSource(written(tmp_path, name, f"pre,post,weight\n11,12,345{end}"))
        with Workspace(tmp_path / name[:3], source.origin().key) as workspace:
            source.extract(workspace, Settings(threads=1))
        assert ("is the file complete?" in capsys.readouterr().err) == (not end)


def test_fields_of_neuprints_own_tables_have_their_plain_names(tmp_path):
    path = written(
        tmp_path,
        "Neuprint_Neuron_Connections.csv",
        ":START_ID(Body-ID),weight:int,weightHP:int,:END_ID(Body-ID),roiInfo:string\n"
        "11,3,2,12,{}\n12,4,4,13,{}\n",
    )
    table = written(
        tmp_path,
        "Neuprint_Neurons.csv",
        ":ID(Body-ID),bodyId:long,pre:int,type:string,predictedNt:string,somaLocation:point,:LABEL\n"
        "11,11,5,KC,acetylcholine,,Neuron\n12,12,6,PN,gaba,,Neuron\n13,13,7,PN,,,Segment\n",
    )
    made = staged(tmp_path, path, annotations=[table])
    assert weights(made) == {(11, 12): 3, (12, 13): 4}
    found = neurons(made)
    assert {root: (row["type"], row["pre"], row["bodyId"]) for root, row in found.items()} == {
        11: ("KC", 5, 11), 12: ("PN", 6, 12), 13: ("PN", 7, 13),
    }  # fmt: skip
    assert [found[root]["transmitter"] for root in (11, 12, 13)] == ["acetylcholine", "gaba", None]


def test_an_annotation_table_counts_once(tmp_path):
    path = written(tmp_path, "e.csv", "pre,post,weight\n11,12,3\n")
    table = written(tmp_path, "a.csv", "root_id,other_id,cell_type\n11,12,KC\n")
    with pytest.raises(CavegraphError, match="annotation table 2 is one given before"):
        staged(tmp_path, path, annotations=[table, table])
    other = AnnotationFile(table, columns={"root_id": "other_id"}, name="b")
    assert set(neurons(staged(tmp_path / "b", path, annotations=[table, other]))) == {11, 12}


def test_lists_of_several_synapses_a_row_are_named(tmp_path):
    row = '{{"pre": "A", "post": "{}", "typ": 0, "syn": {}}}\n'
    rows = row.format("B", [1, 1]) + row.format("C", [1])
    with pytest.raises(CavegraphError, match="is 'typ' the number") as caught:  # NemaNode
        staged(tmp_path, written(tmp_path, "e.json", rows))
    assert "'syn' with several values a row" in caught.value.hint


def test_positions_in_voxels_are_not_counts(tmp_path):
    header = "id,pre_root_id,post_root_id,pre_pos_x_vx,pre_pos_y_vx,post_pos_z_nm\n"
    path = written(tmp_path, "e.csv", f"{header}1,11,12,7,8,9\n2,12,13,7,9,9\n")
    assert weights(staged(tmp_path, path)) == {(11, 12): 1, (12, 13): 1}


CAVE = "id,pre_pt_root_id,post_pt_root_id,pre_pt_supervoxel_id,post_pt_supervoxel_id,cell_type"


@pytest.mark.parametrize("end", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("header", "rows"),
    [
        # A table of CAVE to which cell types were joined; one cell has two.
        (CAVE, ["5,11,12,7,7,a", "5,11,12,7,7,b", "6,12,13,8,8,b"]),
        # Inputs and outputs of some neurons, put together.
        ("id,pre,post,x,y,z", ["5,11,12,7,7,7", "6,12,13,8,8,8", "5,11,12,7,7,7"]),
    ],
    ids=["joined", "put together"],
)
def test_a_synapse_that_a_table_has_twice_is_refused(tmp_path, header, rows, end):
    path = written(tmp_path, "e.csv", "\n".join([header, *rows, ""]))
    if end == "parquet":
        frame, path = pd.read_csv(path), path.with_suffix(".parquet")
        frame.to_parquet(path)
    with pytest.raises(CavegraphError, match="1 rows repeat a synapse") as caught:
        staged(tmp_path, path)
    assert "--column weight=none" in caught.value.hint
    both = staged(tmp_path / "b", path, columns={"weight": "none"})
    assert weights(both) == {(11, 12): 2, (12, 13): 1}


def test_synapses_of_one_site_are_not_one_synapse(tmp_path):
    path = written(tmp_path, "e.csv", "syn_id,pre,post,x\n1,11,12,7\n1,11,12,8\n1,11,13,9\n")
    assert weights(staged(tmp_path, path)) == {(11, 12): 2, (11, 13): 1}
