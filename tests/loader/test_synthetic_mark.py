"""Files of a synthetic brain say that they are synthetic, and so does every graph made of them."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from graphapi import Connectome
from loader import FileSource, load
from loader.cli import main
from loader.report import LoadReport
from loader.sandbox.synthetic import SyntheticBrain, make_brain


@pytest.fixture(scope="module")
def brain(tmp_path_factory: pytest.TempPathFactory) -> SyntheticBrain:
    return make_brain(tmp_path_factory.mktemp("brain"), connections=1_000, progress=False)


@pytest.fixture(scope="module")
def rows(brain: SyntheticBrain) -> pd.DataFrame:
    """The rows of the brain without anything that says that they are synthetic."""
    return pd.DataFrame(pd.read_parquet(brain.synapse_files()[0]).to_dict("list"))


def loaded(tmp_path: Path, *places: str | Path, **options: object) -> LoadReport:
    only = options.pop("only", None)
    source = FileSource([str(p) for p in places], **options)  # type: ignore[arg-type]
    return load(source, tmp_path / "g.lbug", only=only, work=tmp_path / "work", progress=False)


def _connections(brain: SyntheticBrain) -> list[Path]:
    return sorted((brain.folder / "connections").glob("*.parquet"))


def test_every_file_is_marked(brain: SyntheticBrain) -> None:
    files = [*brain.synapse_files(), *_connections(brain), brain.folder / "neurons.parquet"]
    assert len(files) >= 3
    for file in files:
        assert pq.read_schema(file).metadata[b"cavegraph.synthetic"] == b"true", file


@pytest.mark.parametrize("kind", ["synapses", "connections", "folder", "pattern"])
def test_the_mark_reaches_the_record(brain: SyntheticBrain, tmp_path: Path, kind: str) -> None:
    place = {
        "synapses": brain.synapse_files()[0],
        "connections": _connections(brain)[0],
        "folder": brain.folder / "synapses",
        "pattern": brain.folder / "syn*" / "part-*.parquet",
    }[kind]
    report = loaded(tmp_path, place)
    assert report.record.synthetic
    assert "SYNTHETIC" in str(report)
    assert "marked as synthetic: part-0000.parquet" in str(report)


@pytest.mark.parametrize("how", ["keep", "only", "min_size"])
def test_the_mark_survives_filters(brain: SyntheticBrain, tmp_path: Path, how: str) -> None:
    file = brain.synapse_files()[0]
    if how == "keep":
        assert loaded(tmp_path, file, keep=["size>=5"]).record.synthetic
    elif how == "only":
        listed = tmp_path / "ids.csv"
        ids = pd.read_parquet(file)[["pre_pt_root_id"]].head(300)
        ids.to_csv(listed, index=False, header=False)
        assert loaded(tmp_path, file, only=str(listed)).record.synthetic
    else:
        report = load(
            FileSource(file), tmp_path / "g.lbug", min_size=5, work=tmp_path / "w", progress=False
        )
        assert report.record.synthetic


def test_one_marked_file_of_several_is_enough(
    brain: SyntheticBrain, rows: pd.DataFrame, tmp_path: Path
) -> None:
    measured = tmp_path / "measured.parquet"
    others = rows.assign(id=rows["id"] + 10**9)  # the same synapses twice are refused
    others.to_parquet(measured, index=False)
    report = loaded(tmp_path, measured, brain.synapse_files()[0])
    assert report.record.synthetic
    assert report.record.reading["connections"]["synthetic"] == ["part-0000.parquet"]


def test_marked_annotations_are_enough(
    brain: SyntheticBrain, rows: pd.DataFrame, tmp_path: Path
) -> None:
    measured = tmp_path / "measured.parquet"
    rows.to_parquet(measured, index=False)
    report = loaded(tmp_path, measured, annotations=[brain.folder / "neurons.parquet"])
    assert report.record.synthetic


def test_files_without_a_mark_are_not_synthetic(rows: pd.DataFrame, tmp_path: Path) -> None:
    measured = tmp_path / "measured.parquet"
    rows.to_parquet(measured, index=False)
    report = loaded(tmp_path, measured)
    assert not report.record.synthetic
    assert "SYNTHETIC" not in str(report)


@pytest.mark.parametrize("packing", ["feather", "zip", "tar.gz", "odd name"])
def test_the_mark_survives_other_packings(
    brain: SyntheticBrain, tmp_path: Path, packing: str
) -> None:
    file = brain.synapse_files()[0]
    place: Path | str
    if packing == "feather":
        place = tmp_path / "rows.feather"
        pf.write_feather(pq.read_table(file), place)
    elif packing == "zip":
        place = tmp_path / "rows.zip"
        with zipfile.ZipFile(place, "w") as archive:
            archive.write(file, "rows.parquet")
    elif packing == "tar.gz":
        archive_file = tmp_path / "rows.tar.gz"
        with tarfile.open(archive_file, "w:gz") as tar:
            tar.add(file, "in/rows.parquet")
        place = f"{archive_file}::rows.parquet"
    else:
        place = tmp_path / "rows[1].parquet"
        shutil.copy(file, place)
    assert loaded(tmp_path, place).record.synthetic


def test_an_exported_synthetic_graph_is_synthetic_again(
    brain: SyntheticBrain, tmp_path: Path
) -> None:
    load(brain.source(), tmp_path / "first.lbug", work=tmp_path / "w", progress=False)
    with Connectome.open(str(tmp_path / "first.lbug")) as connectome:
        written = connectome.to_parquet(tmp_path / "out")
    for number, name in enumerate(("connections", "neurons", "annotations")):
        assert pq.read_schema(written[name]).metadata[b"cavegraph.synthetic"] == b"true", number
    assert loaded(tmp_path, written["connections"]).record.synthetic


def test_an_exported_measured_graph_is_not(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows.to_parquet(tmp_path / "measured.parquet", index=False)
    loaded(tmp_path, tmp_path / "measured.parquet")
    with Connectome.open(str(tmp_path / "g.lbug")) as connectome:
        written = connectome.to_parquet(tmp_path / "out")
    assert b"cavegraph.synthetic" not in (pq.read_schema(written["connections"]).metadata or {})


def test_for_text_the_user_says_it(
    rows: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.to_csv(tmp_path / "rows.csv", index=False)
    graph = str(tmp_path / "g.lbug")
    for arguments in (
        ["load", str(tmp_path / "rows.csv"), "--synthetic", "--to", graph],
        ["info", "--graph", graph],
    ):
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            main(arguments)
        assert not done.value.code
        assert "SYNTHETIC" in capsys.readouterr().out


def test_figures_say_so(brain: SyntheticBrain, tmp_path: Path) -> None:
    loaded(tmp_path, brain.synapse_files()[0], annotations=[brain.folder / "neurons.parquet"])
    with Connectome.open(str(tmp_path / "g.lbug")) as connectome:
        neurons = connectome.criteria(side="left").get_roots()[:3]
        figure = connectome.plot_synapse_counts(neurons).figure
        texts = [text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))]
    assert any("synthetic" in text for text in texts), texts


def test_the_mark_alone_changes_nothing_else(brain: SyntheticBrain) -> None:
    table = pq.read_table(_connections(brain)[0])
    assert table.schema.names == ["pre", "post", "weight"]
    assert {field.type for field in table.schema} == {pa.int64()}
