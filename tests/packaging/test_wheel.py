"""What the wheel holds, and that it works where there is no checkout."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cypher", "graphapi", "loader")
pytestmark = pytest.mark.xdist_group("wheel")


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    on_disk = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == on_disk
    endings = {Path(name).suffix for name in held}
    assert {".cypher", ".toml", ".typed", ".py"} <= endings
    assert {f"{package}/py.typed" for package in PACKAGES} <= held


def test_no_secret_or_test_is_shipped(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_installed_package_answers_away_from_the_checkout(installed) -> None:
    """Files into a graph and an answer out of it, by the command's own entry point."""
    (installed.folder / "edges.csv").write_text("pre,post,weight\n5,6,3\n6,7,1\n")
    main = "import sys; from loader.cli import main; main(sys.argv[1:])"
    loaded = installed.run("-c", main, "load", "edges.csv", "--to", "g.lbug", "--name", "worm")
    assert loaded.returncode == 0, loaded.stderr
    asked = installed.run("-c", main, "downstream", "5", "-g", "g.lbug", "--csv", "-")
    assert asked.stdout.split() == ["pre,post,weight", "5,6,3"], asked.stderr
    presets = installed.run("-c", main, "load", "x", "--preset", "nope", "--to", "y.lbug")
    assert presets.returncode == 3
    assert "kronauer_ant" in presets.stderr
    where = installed.run("-c", "import graphapi; print(graphapi.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed.packages)


def test_the_command_is_an_entry_point(installed) -> None:
    code = (
        "from importlib.metadata import entry_points as e;"
        "print(*[p.value for p in e(group='console_scripts', name='cavegraph')])"
    )
    assert "loader.cli:main" in installed.run("-c", code).stdout.split()
