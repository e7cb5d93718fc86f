"""Published dumps, by their exact columns: each loads right without an option, or is refused.

The files and the right answers come from `../shared/data/dumps/make_samples.py`, which shares
no code with the loader.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError
from loader import FileSource
from loader.sources.idlist import read_only
from loader.stages.make import Stages, make
from loader.stages.plausible import check_plausible
from loader.work.settings import Settings
from loader.work.workspace import Workspace
from support.samples import NO_SAMPLES, SAMPLES, make_samples

SEEDS = (0, 1, 2)
#: How the command line asks for what the samples ask for in words.
KEEP = {"cleft_score >= 50": ["cleft_score>=50"], "type = 'chemical'": ["type=chemical"]}
#: May be refused, say the samples; we promise to load them.
LOADED = ("codex_forward_filled", "h01_json_lines", "odd_name")

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason=NO_SAMPLES)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    made = {}
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f"dumps{seed}")
        made[seed] = folder, make_samples(folder, seed)
    return made


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these loads has to survive a power cut."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def staged(folder: Path, work: Path, told: dict[str, Any], **options: Any) -> Stages:
    source = FileSource(
        [str(folder / f) for f in told["files"]],
        annotations=[str(folder / f) for f in told.get("annotations", [])],
        keep=KEEP[told["where"]] if "where" in told else (),
        **options,
    )
    only = read_only(folder / told["only"]) if "only" in told else None
    with Workspace(work, source.origin().key) as workspace:
        source.extract(workspace, Settings(progress=False))
        made = make(workspace, None, Settings(progress=False), only)
        return check_plausible(made)


def weights(made: Stages) -> list[list[int]]:
    rows = pq.read_table(made.connections).to_pylist()
    return sorted([r["pre"], r["post"], r["weight"]] for r in rows)


def named_weights(made: Stages) -> list[list[Any]]:
    names = {r["root_id"]: r["name"] for r in pq.read_table(made.neurons).to_pylist()}
    return sorted([names[a], names[b], w] for a, b, w in weights(made))


def names_of_loads() -> list[str]:
    if not SAMPLES.exists():
        return []
    return [
        "banc", "chemical_only", "codex", "codex_forward_filled", "codex_no_threshold",
        "codex_synapse_table", "h01_json_lines", "headerless_without_header_file", "hemibrain",
        "hemibrain_archive", "hemibrain_roi", "male_cns", "microns_csv", "microns_static",
        "microns_view", "odd_name", "shards_folder", "shards_glob", "shards_listed", "shiu",
        "sjcabs_split", "square_matrix", "unknown_weight", "xlsx", "zenodo", "zenodo_only_listed",
        "zenodo_synapses", "zenodo_synapses_cleft_50",
    ]  # fmt: skip


def test_every_load_of_the_samples_is_tried(samples):
    for _, expected in samples.values():
        assert sorted(expected) == names_of_loads()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", names_of_loads())
def test_a_dump_loads_right_or_is_refused(samples, tmp_path, name, seed):
    folder, expected = samples[seed]
    told = expected[name]
    if told.get("refuse"):
        with pytest.raises(CavegraphError) as caught:
            staged(folder, tmp_path / "w", told)
        assert caught.value.hint
        return
    if told.get("or_refuse") and name not in LOADED:
        with pytest.raises(CavegraphError):
            staged(folder, tmp_path / "w", told)
        return
    made = staged(folder, tmp_path / "w", told)
    if "named_weights" in told:
        assert named_weights(made) == sorted(told["named_weights"])
    else:
        assert weights(made) == sorted(told["weights"])
    if "size_sum" in told:
        rows = pq.read_table(made.connections).to_pylist()
        assert sorted([r["pre"], r["post"], r["size_sum"]] for r in rows) == sorted(
            told["size_sum"]
        )
    neurons = {str(r["root_id"]): r for r in pq.read_table(made.neurons).to_pylist()}
    for root, fields in told.get("fields", {}).items():
        assert {f: neurons[root][f] for f in fields} == fields


def test_banc_has_its_own_neurons_not_those_of_another_version(samples, tmp_path):
    folder, expected = samples[0]
    made = staged(folder, tmp_path, expected["banc"])
    assert pq.read_table(made.neurons).num_rows == 12
    rows = pq.read_table(made.annotations).to_pylist()
    assert [int(r["raw_root_id"]) for r in rows] == [r["root_id"] + 1 for r in rows]
    (told,) = made.reading["annotations"]
    assert told["id_column"] == "banc_888_id"


def test_whole_numbers_stay_whole_where_the_column_has_gaps(samples, tmp_path):
    folder, expected = samples[0]
    made = staged(folder, tmp_path, expected["male_cns"])
    groups = pq.read_table(made.neurons)["group"].to_pylist()
    assert {str(g) for g in groups} == {"10001", "None"}


def test_text_na_is_no_class_unless_it_is_wanted(samples, tmp_path):
    from loader import AnnotationFile

    folder, expected = samples[0]
    table = folder / "banc" / "codex_annotations_flat_table.tsv"
    rows = [str(folder / f) for f in expected["banc"]["files"]]
    found = {}
    for name, na in (("usual", None), ("none", ()), ("x", ("X",))):
        source = FileSource(rows, annotations=[AnnotationFile(str(table), na=na)])
        with Workspace(tmp_path / name, source.origin().key) as workspace:
            source.extract(workspace, Settings(progress=False))
            made = make(workspace, None, Settings(progress=False))
        stored = pq.read_table(made.annotations)
        found[name] = {str(v) for c in ("cell_type", "side") for v in stored[c].to_pylist()}
    assert found == {"usual": {"X", "None"}, "none": {"X", "NA"}, "x": {"NA", "None"}}


def test_an_archive_names_its_tables_and_loads_a_member(samples, tmp_path):
    folder, expected = samples[0]
    told = expected["hemibrain_archive"]
    with pytest.raises(CavegraphError, match="tables, not one") as caught:
        staged(folder, tmp_path, told)
    assert "traced-total-connections.csv" in str(caught.value)
    one = {**told, "files": [f"{told['files'][0]}::traced-total-connections.csv"]}
    one["annotations"] = [f"{told['files'][0]}::traced-neurons.csv"]
    assert weights(staged(folder, tmp_path / "w", one)) == sorted(told["weights"])
    zipped = {"files": ["winding/Supplementary-Data-S1.zip"]}
    made = staged(folder, tmp_path / "z", zipped)
    assert weights(made) == sorted(expected["square_matrix"]["weights"])


@pytest.mark.parametrize("said", [{"pre": "columns"}, {"post": "rows"}], ids=["pre", "post"])
def test_a_matrix_can_be_turned_by_either_end_and_says_so(samples, tmp_path, capsys, said):
    folder, expected = samples[0]
    told = expected["square_matrix"]
    made = staged(folder, tmp_path, told, columns=said)
    assert weights(made) == sorted([b, a, n] for a, b, n in told["weights"])
    assert made.reading["connections"]["what"] == "matrix, columns presynaptic"
    source = FileSource(folder / told["files"][0], columns=said)
    with Workspace(tmp_path / "again", source.origin().key) as workspace:
        source.extract(workspace, Settings())
    assert "columns are presynaptic, rows postsynaptic" in capsys.readouterr().err


def test_both_ends_of_a_matrix_cannot_be_its_rows(samples, tmp_path):
    folder, expected = samples[0]
    with pytest.raises(CavegraphError, match="rows cannot be both pre and post"):
        staged(folder, tmp_path, expected["square_matrix"], columns={"pre": "rows", "post": "rows"})


@pytest.mark.parametrize("kind", ["chemical", "electrical"])
def test_kinds_of_rows_are_chosen_not_mixed(samples, tmp_path, kind):
    folder, _ = samples[0]
    path = folder / "witvliet" / "witvliet_8.csv"
    with pytest.raises(CavegraphError, match="different kinds") as caught:
        staged(folder, tmp_path / "a", {"files": ["witvliet/witvliet_8.csv"]})
    assert f"--keep 'type={kind}'" in str(caught.value)
    source = FileSource(path, keep=[f"type={kind}"])
    with Workspace(tmp_path / kind, source.origin().key) as workspace:
        source.extract(workspace, Settings(progress=False))
        made = make(workspace, None, Settings(progress=False))
    wanted = {
        "chemical": [["ADAL", "ADAR", 1], ["ADAL", "AVAL", 4]],
        "electrical": [["ADAL", "ADAR", 2]],
    }
    assert named_weights(made) == wanted[kind]
    assert made.counts["rows_filtered"] == 3 - len(wanted[kind])
    assert made.reading["connections"]["keep"] == [f"type={kind}"]


def test_what_a_file_was_taken_for_is_in_the_record(samples, tmp_path):
    folder, expected = samples[0]
    told = staged(folder, tmp_path, expected["codex"]).reading["connections"]
    assert told["family"] == "Codex (FlyWire FAFB)"
    assert told["columns"] == {
        "pre": "pre_root_id", "post": "post_root_id", "weight": "syn_count",
        "region": "neuropil", "transmitter": "nt_type",
    }  # fmt: skip
    assert told["not_used"] == []


def test_a_header_file_names_the_columns(samples, tmp_path):
    folder, expected = samples[0]
    lone = folder / "microns_lone" / "connections.csv.gz"
    header = tmp_path / "names.csv"
    header.write_text("pre\npost\nweight\n")
    source = FileSource(lone, header=header)
    with Workspace(tmp_path / "w", source.origin().key) as workspace:
        source.extract(workspace, Settings(progress=False))
        made = make(workspace, None, Settings(progress=False))
    assert weights(made) == sorted(expected["microns_csv"]["weights"])
    beside = tmp_path / "connections.csv.gz"
    shutil.copy(lone, beside)
    (tmp_path / "connections_header.csv").write_text("pre,bigint\npost,bigint\nweight,int\n")
    source = FileSource(beside)
    with Workspace(tmp_path / "v", source.origin().key) as workspace:
        source.extract(workspace, Settings(progress=False))
        made = make(workspace, None, Settings(progress=False))
    assert weights(made) == sorted(expected["microns_csv"]["weights"])


def test_shards_of_json_may_differ_in_what_they_leave_out(samples, tmp_path):
    folder, expected = samples[0]
    lines = (folder / "h01" / "export000000000000.json").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for row in rows[::2]:
        del row["confidence"]
        row["location"] = None
    (tmp_path / "export0.json").write_text("\n".join(json.dumps(r) for r in rows[::2]))
    bare = tmp_path / "export1"  # as published: without an ending
    bare.write_text("\n".join(json.dumps(r) for r in rows[1::2]))
    source = FileSource([tmp_path / "export0.json", bare])
    with Workspace(tmp_path / "w", source.origin().key) as workspace:
        source.extract(workspace, Settings(progress=False))
        made = make(workspace, None, Settings(progress=False))
    assert weights(made) == sorted(expected["h01_json_lines"]["weights"])
