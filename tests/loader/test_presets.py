"""Presets: what is shipped can be read, is used, and is held to what the server says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import readback

from graphapi.errors import InputError, NotFoundError, SourceSchemaError, TableNotFoundError
from loader import AnnotationFile, AnnotationTable, CaveSource, load, read_preset
from loader.cli import main
from loader.sandbox.standin import Version, serve, write_folder
from loader.sources.presets import Preset, known_presets

BASE = 576460752700000000
PUBLIC = {
    "kronauer_ant",
    "flywire_fafb_public",
    "minnie65_public",
    "brain_and_nerve_cord_public",
    "h01_c3_flat",
}
TOKEN = "0" * 32


def synapses(size: str = "size") -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "pre_pt_root_id": [BASE + 1, BASE + 1, BASE + 2],
            "post_pt_root_id": [BASE + 2, BASE + 2, BASE + 3],
        }
    )
    frame[size] = [3.0, 4.0, 5.0]
    return frame


def bound(**columns: list) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    at = {f"pt_position_{axis}": range(rows) for axis in "xyz"}
    return pd.DataFrame({"id": range(1, rows + 1), **columns, **at})


def long_form() -> pd.DataFrame:
    return bound(
        classification_system=["super_class", "cell_type", "super_class", None],
        cell_type=["central", "ER", "optic", "lost"],
        pt_supervoxel_id=[11, 11, 12, 13],
        pt_root_id=[BASE + 1, BASE + 1, BASE + 2, BASE + 3],
    )


def test_every_public_datastack_has_a_preset_that_says_it_was_not_tried():
    assert set(known_presets()) == PUBLIC | {"demo_ant"}
    for name in PUBLIC:
        preset = read_preset(name)
        assert preset.datastack == name
        assert preset.server.startswith("https://")
        assert not preset.tried
    assert read_preset("demo_ant").tried


def fake(tmp_path: Path, preset: Preset) -> Path:
    """Serve tables of the names that a preset has, with as little in them as can be."""
    table = preset.synapse_table or "synapses"
    tables = {table: synapses(preset.size_column or "size")}
    metadata = {table: {"voxel_resolution": list(preset.synapse_resolution or (4, 4, 40))}}
    if preset.soma_table:
        tables[preset.soma_table] = bound(
            volume=[2.0], pt_supervoxel_id=[11], pt_root_id=[BASE + 1]
        )
    for annotation in preset.annotations:
        names = [annotation.kind_column, annotation.value_column, *annotation.fields]
        texts = {name: ["a"] for name in names if name} or {"status": ["a"]}
        tables[annotation.name] = bound(**texts, pt_supervoxel_id=[11], pt_root_id=[BASE + 1])
    return write_folder(
        tmp_path / preset.datastack,
        tables,
        datastack=preset.datastack,
        resolution=preset.viewer_resolution or (4, 4, 40),
        metadata=metadata,
        synapse_table=table,
    )


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_shipped_preset_loads_a_datastack_that_is_as_it_says(tmp_path, name):
    preset = read_preset(name)
    with serve(fake(tmp_path, preset), token=TOKEN) as server:
        source = CaveSource.from_preset(name, server=server.url, token=TOKEN)
        report = load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert readback.edges(str(tmp_path / "g.lbug"))[BASE + 1, BASE + 2][0] == 2
    assert report.record.synapse_table == (preset.synapse_table or "synapses")
    assert report.record.soma_table == (preset.soma_table or "")
    assert report.record.brain_mesh_source == preset.brain_mesh_source
    assert report.counts["annotation_rows"] == len(preset.annotations)
    assert report.record.has_size == (preset.size_column != "")


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text('datastack = "toy"\n' + text)
    return path


@pytest.fixture
def server(tmp_path):
    folder = write_folder(
        tmp_path / "toy",
        {"synapses": synapses(), "labels": long_form()},
        datastack="toy",
        versions=[Version(3, datetime(2026, 1, 1, tzinfo=UTC))],
        metadata={"synapses": {"voxel_resolution": [8, 8, 42]}},
    )
    with serve(folder, token=TOKEN) as running:
        yield running


def attempt(tmp_path: Path, server, text: str, **more):
    source = CaveSource.from_preset(own(tmp_path, text), server=server.url, token=TOKEN, **more)
    return load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ('[synapses]\ntable = "gone"', TableNotFoundError, "gone"),
        ('[somata]\ntable = "gone"', TableNotFoundError, "soma table 'gone'"),
        ('[[annotations]]\ntable = "gone"', TableNotFoundError, "no table 'gone' at version 3"),
        ("[synapses]\nresolution = [4, 4, 40]", SourceSchemaError, r"\[8.0, 8.0, 42.0\] nm, not"),
        ("viewer_resolution = [1, 2, 3]", SourceSchemaError, "viewer resolution"),
        ('[synapses]\nsize_column = "area"', SourceSchemaError, "no column 'area' for sizes"),
        (
            '[[annotations]]\ntable = "labels"\n[annotations.fields]\nnot_there = "x"',
            SourceSchemaError,
            "no column ..not_there",
        ),
        (
            '[[annotations]]\ntable = "labels"\n[annotations.fields]\n'
            'classification_system = "cell_type"',
            SourceSchemaError,
            "two fields",
        ),
    ],
)
def test_what_the_server_says_otherwise_is_an_error(tmp_path, server, text, error, said):
    with pytest.raises(error, match=said):
        attempt(tmp_path, server, text)
    assert not (tmp_path / "g.lbug").exists()


def test_a_table_in_long_form_becomes_fields(tmp_path, server):
    attempt(
        tmp_path,
        server,
        '[[annotations]]\ntable = "labels"\nkind_column = "classification_system"\n'
        'value_column = "cell_type"\n[annotations.fields]\nsuper_class = "class"',
    )
    place = str(tmp_path / "g.lbug")
    got = readback.neurons(place, ["class", "cell_type"])
    assert got[BASE + 1] == {"class": "central", "cell_type": "ER"}
    assert got[BASE + 2] == {"class": "optic", "cell_type": None}
    assert got[BASE + 3] == {"class": None, "cell_type": None}
    assert len(readback.annotations(place, ["class"])) == 4


def test_files_are_read_as_the_preset_says_and_go_first(tmp_path, server):
    table = tmp_path / "seatable.csv"
    table.write_text(
        f'seg,cell_type,region\n{BASE + 1},EPG,"EB, NO"\n{BASE + 2},PFN,\n', encoding="utf-8"
    )
    attempt(
        tmp_path,
        server,
        '[[annotations]]\ntable = "labels"\nkind_column = "classification_system"\n'
        'value_column = "cell_type"\n[files]\nlists = ["region", "not_in_this_export"]\n'
        '[files.columns]\nroot_id = "seg"',
        annotations=[table],
    )
    got = readback.neurons(str(tmp_path / "g.lbug"), ["cell_type", "region", "super_class"])
    assert got[BASE + 1]["cell_type"] == "EPG"
    assert list(got[BASE + 1]["region"]) == ["EB", "NO"]
    assert got[BASE + 1]["super_class"] == "central"


def test_what_is_given_goes_before_the_preset(tmp_path, server):
    report = attempt(
        tmp_path,
        server,
        'brain_mesh = "there"\n[synapses]\ntable = "gone"',
        synapse_table="synapses",
        brain_mesh_source="here",
    )
    assert report.record.brain_mesh_source == "here"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x =", "is not TOML"),
        ('datastak = "a"', "unknown key 'datastak'"),
        ("datastack = 3", "is not text"),
        ('server = "https://a"', "names no datastack"),
        ('datastack = "a"\n[synapses]\nresolution = [4, 4]', "not a resolution"),
        ('datastack = "a"\n[synapses]\nresolution = [4, 4, 0]', "not a resolution"),
        ('datastack = "a"\n[synapses]\ncolumns = []', "unknown key 'columns'"),
        ('datastack = "a"\nannotations = ["b"]', "is not a table of TOML"),
        ('datastack = "a"\n[[annotations]]\nfields = {}', "names no table"),
        ('datastack = "a"\n[[annotations]]\ntable = "t"\nkind_column = "k"', "go together"),
        (
            'datastack = "a"\n[[annotations]]\ntable = "t"\nfields = {pt_root_id = "x"}',
            "cannot be renamed",
        ),
        ('datastack = "a"\n[files]\nlists = [1]', "not a list of texts"),
        ('datastack = "a"\nserver = "ftp://x"', "not the address"),
    ],
)
def test_mistakes_in_a_preset_are_named(tmp_path, text, said):
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_preset(path)


@pytest.mark.parametrize("name", ["../presets/demo_ant", "nothing", "demo_ant.toml", "__init__"])
def test_only_names_and_files_are_presets(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="no preset"):
        read_preset(name)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_preset(path)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as done:
        main(list(arguments))
    return int(done.value.code or 0)


def test_the_command_line_takes_presets_and_options(tmp_path, server, capsys, monkeypatch):
    monkeypatch.setenv("CAVEGRAPH_TOKEN", TOKEN)
    common = ["load", "toy", "--server", server.url, "--work", str(tmp_path / "w")]
    preset = own(tmp_path, '[synapses]\ntable = "gone"')
    place = str(tmp_path / "g.lbug")
    assert run(*common, "--to", place, "--preset", str(preset)) == 3
    said = capsys.readouterr().err
    assert "gone" in said
    assert "was never tried on the real server" in said
    assert run(
        *common, "--to", place, "--preset", str(preset), "--synapse-table", "synapses",
        "--soma-table", "none", "--size-column", "none",
    ) == 0  # fmt: skip
    assert readback.edges(place) == {
        (BASE + 1, BASE + 2): (2, 0),
        (BASE + 2, BASE + 3): (1, 0),
    }
    assert run(*common, "--preset", "demo_ant") == 2
    assert "for datastack 'demo_ant'" in capsys.readouterr().err
    assert run(*common, "--preset", str(preset), "--no-preset") == 2
    assert run(*common, "--column", "pre=a") == 2


def test_the_command_line_describes_annotation_files(tmp_path):
    edges, table = tmp_path / "e.csv", tmp_path / "t.csv"
    edges.write_text("pre,post,weight\na1,b2,3\n")
    table.write_text('cellname,regions\na1,"EB,NO"\n')
    place = str(tmp_path / "g.lbug")
    assert run(
        "load", str(edges), "--to", place, "-a", str(table), "--annotation-column",
        "root_id=cellname", "--list", "regions", "--ids", "names", "--work", str(tmp_path / "w"),
    ) == 0  # fmt: skip
    assert list(readback.neurons(place, ["regions"])[1]["regions"]) == ["EB", "NO"]
    assert run("load", str(edges), "--ids", "guess", "--to", place) == 2
    assert run("load", str(edges), "--list", "regions", "--to", place) == 2
    assert run("load", str(edges), "--synapse-table", "x", "--to", place) == 2


def test_both_ways_to_name_a_table_are_one_load():
    assert AnnotationTable("cells").key() == "cells"
    assert AnnotationTable("cells", {"a": "b"}).key() != AnnotationTable("cells").key()
    with pytest.raises(NotFoundError):
        AnnotationFile.of("nothing.csv")
