"""Presets: the tables and settings of a datastack, read from TOML and checked key by key."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.cave.token import normal_address
from graphapi.errors import InputError, NotFoundError
from loader.sources.annotationtable import AnnotationTable
from loader.sources.dumps import TRANSMITTER_ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphapi.cave.records import Resolution

_ENDING = ".toml"
_TOP = {
    "datastack": str,
    "server": str,
    "viewer_resolution": list,
    "brain_mesh": str,
    "tried": bool,
    "synapses": dict,
    "somata": dict,
    "annotations": list,
    "files": dict,
    "neuprint": dict,
}
_SYNAPSES = {"table": str, "size_column": str, "resolution": list, "regions": str}
_SOMATA = {"table": str}
_TABLE = {
    "table": str,
    "fields": dict,
    "kind_column": str,
    "value_column": str,
    **dict.fromkeys(TRANSMITTER_ROLES, str),
}
_FILES = {"lists": list, "columns": dict}


@dataclass(frozen=True)
class Preset:
    """Settings for one datastack.

    Parameters
    ----------
    datastack, server
        Its name, and the address of its info server; empty for the usual one.
    synapse_table, soma_table
        Table names; None for those of the datastack's record, `soma_table=""` for no somata.
    size_column
        Column with synapse sizes; `""` for none, None for `size` if it exists.
    regions
        Where the region of each synapse comes from, as for `loader.CaveSource`; None for a column
        of the synapse table.
    synapse_resolution, viewer_resolution
        Expected nanometres per voxel: x, y, z; None if unknown.
    brain_mesh_source
        Address of the whole brain's mesh; empty if unknown.
    annotations
        Annotation tables, in order of precedence.
    file_columns, list_fields
        For annotation files: our column names to theirs, and columns with several values joined
        by commas.
    neuprint
        What neuPrint's names of properties mean, for `cavegraph serve`; replaces its usual lines.
    tried
        Whether it was used with the real server.
    """

    datastack: str
    server: str = ""
    synapse_table: str | None = None
    soma_table: str | None = None
    size_column: str | None = None
    regions: str | None = None
    synapse_resolution: Resolution | None = None
    viewer_resolution: Resolution | None = None
    brain_mesh_source: str = ""
    annotations: tuple[AnnotationTable, ...] = ()
    file_columns: Mapping[str, str] = field(default_factory=dict)
    list_fields: tuple[str, ...] = ()
    neuprint: Mapping[str, Any] = field(default_factory=dict)
    tried: bool = False

    def options(self) -> dict[str, Any]:
        """Return the arguments of `loader.CaveSource` that the preset sets."""
        return {
            "synapse_table": self.synapse_table or "",
            "soma_table": self.soma_table,
            "size_column": self.size_column,
            "regions": self.regions,
            "brain_mesh_source": self.brain_mesh_source,
            "synapse_resolution": self.synapse_resolution,
            "viewer_resolution": self.viewer_resolution,
        }


def known_presets() -> tuple[str, ...]:
    """Return the names of the presets that come with this program, sorted."""
    names = (item.name for item in files("loader.sources.presets").iterdir())
    return tuple(sorted(n.removesuffix(_ENDING) for n in names if n.endswith(_ENDING)))


def read_preset(name_or_path: str | Path) -> Preset:
    """Read a preset.

    Parameters
    ----------
    name_or_path
        One of `known_presets()`, or the path of a TOML file of your own.

    Raises
    ------
    NotFoundError
        There is neither such a preset nor such a file.
    InputError
        The file is not TOML, or has an unknown key or a wrong value; the message names it.
    """
    if str(name_or_path) in known_presets():
        resource = files("loader.sources.presets") / f"{name_or_path}{_ENDING}"
        return _parsed(resource.read_text("utf-8"), f"preset '{name_or_path}'")
    path = Path(name_or_path).expanduser()
    if not path.is_file():
        raise NotFoundError(
            f"there is no preset '{name_or_path}', and no such file",
            hint=f"presets: {', '.join(known_presets())}; or the path of a TOML file",
        )
    try:
        return _parsed(path.read_text("utf-8"), f"preset '{path}'")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"preset '{path}' cannot be read: {error}") from error


def _parsed(text: str, where: str) -> Preset:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} is not TOML: {error}") from error
    top = _section(content, _TOP, where)
    if not top.get("datastack"):
        raise InputError(f"{where} names no datastack", hint='begin with: datastack = "name"')
    synapses = _section(top.get("synapses", {}), _SYNAPSES, f"{where}, [synapses]")
    somata = _section(top.get("somata", {}), _SOMATA, f"{where}, [somata]")
    of_files = _section(top.get("files", {}), _FILES, f"{where}, [files]")
    server = top.get("server", "")
    return Preset(
        datastack=top["datastack"],
        server=normal_address(server) if server else "",
        synapse_table=synapses.get("table"),
        soma_table=somata.get("table"),
        size_column=synapses.get("size_column"),
        regions=synapses.get("regions"),
        synapse_resolution=_resolution(synapses.get("resolution"), where),
        viewer_resolution=_resolution(top.get("viewer_resolution"), where),
        brain_mesh_source=top.get("brain_mesh", ""),
        annotations=tuple(
            _table(entry, f"{where}, [[annotations]] {number}")
            for number, entry in enumerate(top.get("annotations", []), 1)
        ),
        file_columns=_texts(of_files.get("columns", {}), f"{where}, [files.columns]"),
        list_fields=_list_of_texts(of_files.get("lists", []), f"{where}, [files] lists"),
        neuprint=top.get("neuprint", {}),
        tried=top.get("tried", False),
    )


def _table(entry: object, where: str) -> AnnotationTable:
    found = _section(entry, _TABLE, where)
    if not found.get("table"):
        raise InputError(f"{where} names no table")
    return AnnotationTable(
        name=found["table"],
        fields=_texts(found.get("fields", {}), where),
        kind_column=found.get("kind_column", ""),
        value_column=found.get("value_column", ""),
        transmitter={role: found[role] for role in TRANSMITTER_ROLES if role in found},
    )


def _section(content: object, known: Mapping[str, type], where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise InputError(f"{where} is not a table of TOML", hint="see the shipped presets")
    for key, value in content.items():
        if key not in known:
            raise InputError(f"{where}: unknown key '{key}'", hint=f"known: {', '.join(known)}")
        if type(value) is not known[key]:
            raise InputError(
                f"{where}: {key} = {value!r} is not {_WORDS[known[key]]}",
                hint="see the shipped presets",
            )
    return content


_WORDS = {str: "text", list: "a list", bool: "true or false", dict: "a table"}


def _texts(content: dict[str, Any], where: str) -> dict[str, str]:
    for key, value in content.items():
        if not isinstance(value, str):
            raise InputError(f"{where}: {key} = {value!r} is not text")
    return content


def _list_of_texts(content: list[Any], where: str) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in content):
        raise InputError(f"{where}: {content!r} is not a list of texts")
    return tuple(content)


def _resolution(content: list[Any] | None, where: str) -> Resolution | None:
    if content is None:
        return None
    numbers = [v for v in content if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(content) != 3 or len(numbers) != 3 or min(numbers) <= 0:
        raise InputError(
            f"{where}: {content} is not a resolution", hint="give nanometres per voxel: [x, y, z]"
        )
    x, y, z = (float(v) for v in numbers)
    return (x, y, z)
