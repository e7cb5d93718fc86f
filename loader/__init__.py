"""The write side of cavegraph: from CAVE or files to a verified graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loader.checks.verify import VerifyReport, verify_graph
    from loader.pipeline import load
    from loader.report import LoadReport
    from loader.sources.annotationfile import AnnotationFile
    from loader.sources.annotationtable import AnnotationTable
    from loader.sources.cave import CaveSource
    from loader.sources.files import FileSource
    from loader.sources.presets import Preset, read_preset
    from loader.sources.regions import RegionTable, RegionVolume

_PLACES = {
    "AnnotationFile": "loader.sources.annotationfile",
    "AnnotationTable": "loader.sources.annotationtable",
    "CaveSource": "loader.sources.cave",
    "FileSource": "loader.sources.files",
    "LoadReport": "loader.report",
    "Preset": "loader.sources.presets",
    "RegionTable": "loader.sources.regions",
    "RegionVolume": "loader.sources.regions",
    "VerifyReport": "loader.checks.verify",
    "load": "loader.pipeline",
    "read_preset": "loader.sources.presets",
    "verify_graph": "loader.checks.verify",
}

__all__ = [
    "AnnotationFile",
    "AnnotationTable",
    "CaveSource",
    "FileSource",
    "LoadReport",
    "Preset",
    "RegionTable",
    "RegionVolume",
    "VerifyReport",
    "load",
    "read_preset",
    "verify_graph",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: DuckDB and the engines are slow to import."""
    if name not in _PLACES:
        raise AttributeError(f"module 'loader' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
