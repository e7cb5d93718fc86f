"""A working folder may be anybody's: what is not ours is never written over and never removed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from graphapi.errors import GraphExistsError, InputError, StageError
from loader import load
from loader.work.workspace import Workspace
from loader.writers.neo4j_import import Neo4jImportWriter

#: Names that a load uses itself, and others.
THEIRS = (
    "rows.parquet", "neurons.parquet", "connections.parquet", "scratch/thesis.txt",
    "movie.mp4.part", "deep/er/data.part", "annotations/000.parquet", "manifest.json", "listed.txt",
    ".lock", "a b.csv",
)  # fmt: skip


def put(folder: Path, name: str, text: str = "years of work") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def held(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n5,6,7\n6,7,8\n")
    return path


@pytest.mark.parametrize("name", [n for n in THEIRS if n not in (".lock", "listed.txt")])
def test_a_folder_of_somebody_else_is_refused_untouched(tmp_path, rows, name):
    theirs = tmp_path / "project"
    put(theirs, name)
    before = held(theirs)
    with pytest.raises(StageError) as caught:
        load(rows, tmp_path / "g.lbug", work=theirs, progress=False)
    assert "--work" in str(caught.value)
    assert held(theirs) == before
    assert not (tmp_path / "g.lbug").exists()


def test_all_of_it_at_once(tmp_path, rows):
    theirs = tmp_path / "project"
    for name in THEIRS:
        put(theirs, name)
    before = held(theirs)
    with pytest.raises(StageError):
        load(rows, tmp_path / "g.lbug", work=theirs, progress=False)
    assert held(theirs) == before


def test_an_empty_folder_will_do_and_is_taken_up_again(tmp_path, rows):
    work = tmp_path / "work"
    work.mkdir()
    load(rows, tmp_path / "a.lbug", work=work, progress=False)
    load(rows, tmp_path / "b.lbug", work=work, progress=False)
    assert (tmp_path / "b.lbug").exists()


def test_what_somebody_puts_beside_our_stages_stays(tmp_path, rows):
    work = tmp_path / "work"
    load(rows, tmp_path / "a.lbug", work=work, progress=False)
    put(work, "movie.part")
    put(work, "notes/draft.part")
    load(rows, tmp_path / "b.lbug", work=work, progress=False)
    with Workspace(work, _key(work)) as workspace:
        workspace.remove()
    assert held(work) == {"movie.part": b"years of work", "notes/draft.part": b"years of work"}


def _key(work: Path) -> dict:
    import json

    return json.loads((work / "manifest.json").read_text())["key"]


def test_a_name_that_somebody_took_in_between_is_not_written_over(tmp_path):
    with Workspace(tmp_path / "w", {"a": 1}) as workspace:
        put(tmp_path / "w", "rows.parquet")
        put(tmp_path / "w", "scratch/thesis.txt")
        with (
            pytest.raises(StageError, match="not written by this program"),
            workspace.new_file("rows.parquet") as path,
        ):
            path.write_text("ours")
        with pytest.raises(StageError, match="not written by this program"):
            workspace.scratch()
        workspace.remove()
    assert held(tmp_path / "w") == {
        "rows.parquet": b"years of work",
        "scratch/thesis.txt": b"years of work",
    }


def test_a_symbolic_link_is_somebody_elses_too(tmp_path):
    put(tmp_path, "thesis.txt")
    with Workspace(tmp_path / "w", {"a": 1}) as workspace:
        (tmp_path / "w" / "rows.parquet.part").symlink_to(tmp_path / "thesis.txt")
        with (
            pytest.raises(StageError, match="not written by this program"),
            workspace.new_file("rows.parquet") as path,
        ):
            path.write_text("ours")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("line", ["../thesis.txt", "/etc/hostname", "a/../../thesis.txt"])
def test_a_list_that_reaches_out_of_the_folder_is_refused(tmp_path, line):
    put(tmp_path, "thesis.txt")
    with Workspace(tmp_path / "w", {"a": 1}) as workspace:
        pass
    (tmp_path / "w" / "listed.txt").write_text(line + "\n")
    with pytest.raises(StageError, match="damaged"):
        Workspace(tmp_path / "w", {"a": 1})
    assert workspace.folder.exists()
    assert (tmp_path / "thesis.txt").exists()


def test_a_list_that_reaches_out_through_a_link_is_refused(tmp_path):
    """A folder from a stranger: its list and its link together would remove somebody's files."""
    put(tmp_path / "home", "thesis.txt")
    with Workspace(tmp_path / "w", {"a": 1}):
        pass
    (tmp_path / "w" / "rows").symlink_to(tmp_path / "home")
    (tmp_path / "w" / "listed.txt").write_text("rows/thesis.txt\n")
    with pytest.raises(StageError, match="damaged"):
        Workspace(tmp_path / "w", {"a": 1})
    assert (tmp_path / "home" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("to", "work"),
    [("w/g.lbug", "w"), ("g.lbug", "g.lbug"), ("g.lbug", "g.lbug/w"), ("w/a/g.lbug", "link"),
     ("neo4j-import:w/import", "w"), ("w", "w/../w/x")],
)  # fmt: skip
def test_a_graph_and_its_working_folder_are_not_inside_each_other(
    tmp_path, rows, monkeypatch, to, work
):
    """Told as it is, and before anything is made: not as a graph that appeared meanwhile."""
    place = tmp_path / "place"
    (place / "w").mkdir(parents=True)
    (place / "link").symlink_to(place / "w")
    monkeypatch.chdir(place)
    for replace in (False, True):
        with pytest.raises(InputError, match="inside each other"):
            load(rows, to, work=work, replace=replace, progress=False)
    assert sorted(p.name for p in place.rglob("*")) == ["link", "w"]


@pytest.mark.parametrize("given", ["to", "work"])
def test_a_null_character_is_in_no_path(tmp_path, rows, given):
    names = {"to": str(tmp_path / "g.lbug"), "work": str(tmp_path / "w"), given: "a\0b"}
    with pytest.raises(InputError, match="null character"):
        load(rows, names["to"], work=names["work"], progress=False)


def test_leftovers_of_a_killed_load_go(tmp_path):
    work = tmp_path / "w"
    workspace = Workspace(work, {"a": 1})
    part = workspace.new_file("rows.parquet")
    part.__enter__().write_text("half")  # and killed here
    (workspace.scratch() / "spilled").write_text("half")
    workspace._lock.release()
    assert sorted(held(work)) == [
        ".lock", "listed.txt", "manifest.json", "rows.parquet.part", "scratch/spilled"
    ]  # fmt: skip
    with Workspace(work, {"a": 1}) as workspace:
        assert sorted(held(work)) == [".lock", "listed.txt", "manifest.json"]
        workspace.remove()
    assert not work.exists()


@pytest.mark.parametrize("left", [[".lock"], [".lock", "manifest.json.part"]])
def test_killed_before_the_first_manifest_it_goes_on(tmp_path, left):
    for name in left:
        put(tmp_path / "w", name, "")
    with Workspace(tmp_path / "w", {"a": 1}) as workspace:
        assert not workspace.is_done("rows")


def test_a_removal_broken_off_leaves_a_folder_known_as_ours(tmp_path, monkeypatch):
    with Workspace(tmp_path / "w", {"a": 1}) as workspace:
        for name in ("one", "two"):
            with workspace.new_file(name) as path:
                path.write_text(name)
        workspace.finish("both", ["one", "two"])
        with monkeypatch.context() as patched:
            patched.setattr(type(tmp_path), "unlink", _breaks_at("two"))
            with pytest.raises(KeyboardInterrupt):
                workspace.remove()
    with Workspace(tmp_path / "w", {"a": 1}) as workspace:
        assert not workspace.is_done("both")
        workspace.remove()
    assert not (tmp_path / "w").exists()


def _breaks_at(name: str):
    unlink = Path.unlink

    def breaking(path: Path, missing_ok: bool = False) -> None:
        if path.name == name:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    return breaking


def test_files_for_an_import_go_into_an_empty_folder_or_one_of_ours(tmp_path, rows):
    theirs = tmp_path / "import"
    for name in ("import.args", "neurons.csv", "imported.txt"):
        put(theirs, name)
    before = held(theirs)
    with pytest.raises(GraphExistsError, match="does not hold an earlier export"):
        load(rows, f"neo4j-import:{theirs}", work=tmp_path / "w", replace=True, progress=False)
    assert held(theirs) == before


def test_files_for_an_import_are_replaced_by_those_of_another(tmp_path, rows, monkeypatch):
    monkeypatch.delenv("NEO4J_HOME", raising=False)
    place = tmp_path / "import"
    load(rows, f"neo4j-import:{place}", work=tmp_path / "w", progress=False)
    put(place, "notes.txt")
    other = tmp_path / "other.csv"
    other.write_text("pre,post,weight\n5,6,9\n")
    with closing(Neo4jImportWriter(place)) as writer:
        writer.take()
        assert writer.existing() is not None
    load(other, f"neo4j-import:{place}", work=tmp_path / "v", replace=True, progress=False)
    assert (place / "connects.csv").read_text() == "0,1,9,0\n"
    assert (place / "notes.txt").exists()
