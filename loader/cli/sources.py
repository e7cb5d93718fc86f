"""Turn the options of `cavegraph load` into the source that it loads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast, get_args

import typer

from graphapi.errors import InputError
from loader.sources.dumps import NO_COLUMN, TRANSMITTER_ROLES
from loader.sources.idcolumns import Ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from loader import AnnotationFile, CaveSource, FileSource
    from loader.sources.annotations import Annotations

_OF_A_FILE = ("root_id", "supervoxel_id", "row_id", "list", "na", "name", *TRANSMITTER_ROLES)


def annotation_tables(
    given: Sequence[str] | None,
    columns: Sequence[str] | None,
    lists: Sequence[str] | None,
    na: Sequence[str] | None,
    ids: str,
) -> list[Annotations]:
    """Read `--annotations` and the options for annotation files.

    Raises
    ------
    InputError
        An option for annotation files is set, but no file is given.
    """
    from loader.sources.places import is_place
    from loader.sources.tablefile import column_names

    if ids not in get_args(Ids):
        raise InputError(f"--ids '{ids}'", hint=f"use one of {', '.join(get_args(Ids))}")
    files = [text for text in given or () if is_place(_split(text)[0])]
    if (columns or lists or na) and not files:
        raise InputError("--annotation-column, --list and --na need a file in --annotations")
    named = dict(pair(text, "--annotation-column", "root_id=segment") for text in columns or ())
    words = None if na is None else tuple(na)
    read = {text: _file(text, words, cast("Ids", ids)) for text in files}
    for option, wanted in (("--annotation-column", named), ("--list", {c: c for c in lists or ()})):
        for ours, theirs in wanted.items():
            having = [text for text, file in read.items() if theirs in column_names(file.table)]
            if not having:
                raise InputError(
                    f"{option}: no annotation file has a column '{theirs}'",
                    hint="; ".join(f"{t} has {column_names(f.table)}" for t, f in read.items()),
                )
            for text in having:
                file = read[text]
                if option == "--list":
                    read[text] = replace(file, lists=(*file.lists, theirs))
                elif ours not in file.columns:
                    read[text] = replace(file, columns={**file.columns, ours: theirs})
    return [read[text] if text in read else _table(text) for text in given or ()]


def _table(text: str) -> Annotations:
    """Read `TABLE?transmitter=nt`, a CAVE table with columns named."""
    from loader.sources.annotationtable import AnnotationTable

    name, said = _split(text)
    if not said:
        return text
    if wrong := sorted({option for option, _ in said} - set(TRANSMITTER_ROLES)):
        raise InputError(
            f"--annotations '{text}': {wrong} are not options of a CAVE table",
            hint=f"a CAVE table takes {' and '.join(TRANSMITTER_ROLES)}; the others are for files",
        )
    return AnnotationTable(name, transmitter=dict(said))


def _file(text: str, na: tuple[str, ...] | None, ids: Ids) -> AnnotationFile:
    """Read `FILE?root_id=bodyId&list=tags`; `na` applies if the text sets none."""
    from loader import AnnotationFile

    path, said = _split(text)
    own: dict[str, str] = {}
    own_lists: list[str] = []
    own_na: list[str] = []
    name = ""
    for option, value in said:
        if option == "list":
            own_lists.append(value)
        elif option == "na":
            own_na.append(value)
        elif option == "name":
            name = value
        else:
            own[option] = value
    return AnnotationFile(
        path,
        columns=own,
        name=name,
        ids=ids,
        lists=tuple(own_lists),
        na=tuple(own_na) if own_na else na,
    )


def _split(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Split a path from the options after its question mark; a pattern may contain one too."""
    from pathlib import Path

    path, sign, query = text.rpartition("?")
    said = [part.partition("=")[::2] for part in query.split("&")]
    if not sign or Path(text).exists() or any(name not in _OF_A_FILE for name, _ in said):
        return text, []
    return path, said


def from_files(
    paths: Sequence[str],
    tables: Sequence[Any],
    *,
    columns: Sequence[str] | None,
    keep: Sequence[str] | None,
    header: Path | None,
    ids: str,
    name: str,
    version: str,
    synthetic: bool,
    regions: str | None,
    refused: Mapping[str, object],
) -> FileSource:
    """Make the source of a load from files."""
    from loader import FileSource

    for option, value in refused.items():
        if value is not None and value != "":
            raise InputError(
                f"{option} does not apply: '{paths[0]}' is a file",
                hint="if you mean a datastack, run in a folder without a file of this name",
            )
    return FileSource(
        paths,
        annotations=tables,
        columns=dict(pair(text, "--column", "weight=chemical") for text in columns or ()),
        keep=keep or (),
        header=header,
        ids=cast("Ids", ids),
        datastack=name,
        version=version,
        synthetic=synthetic,
        regions=regions,
    )


def from_cave(
    datastack: str,
    tables: Sequence[Annotations],
    *,
    preset: str | None,
    no_preset: bool,
    version: str,
    server: str,
    refused: Mapping[str, object],
    **options: str | Sequence[str] | None,
) -> CaveSource:
    """Make the source of a load from CAVE; use the datastack's preset if there is one."""
    from loader import CaveSource, read_preset
    from loader.sources.presets import known_presets

    if any(refused.values()):
        raise InputError(
            f"{', '.join(refused)} apply only to files", hint=f"'{datastack}' is not a file"
        )
    given: dict[str, Any] = {
        name: "" if value == NO_COLUMN else value
        for name, value in options.items()
        if value is not None
    }
    if preset is not None and no_preset:
        raise InputError("--preset and --no-preset contradict each other")
    if preset is None and (no_preset or datastack not in known_presets()):
        return CaveSource(datastack, annotations=tables, version=version, server=server, **given)
    known = read_preset(preset or datastack)
    if known.datastack != datastack:
        raise InputError(
            f"the preset is for datastack '{known.datastack}', not for '{datastack}'",
            hint=f"load '{known.datastack}', or choose another preset",
        )
    if not known.tried:
        typer.echo(
            f"the preset for '{datastack}' was never tried on the real server; "
            "its settings are checked against the server's answers",
            err=True,
        )
    return CaveSource.from_preset(
        known, annotations=tables, version=version, server=server, **given
    )


def pair(text: str, option: str, example: str) -> tuple[str, str]:
    """Read `ours=theirs`."""
    ours, sign, theirs = text.partition("=")
    if not sign or not ours or not theirs:
        raise InputError(f"{option} '{text}'", hint=f"write it as {example}")
    return ours, theirs
