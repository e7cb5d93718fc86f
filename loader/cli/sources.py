"""What `cavegraph load` loads, put together from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

import typer

from graphapi.errors import InputError
from loader.sources.idcolumns import Ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loader import CaveSource, FileSource
    from loader.sources.annotations import Annotations

NONE = "none"


def annotation_tables(
    given: Sequence[str] | None,
    columns: Sequence[str] | None,
    lists: Sequence[str] | None,
    ids: str,
) -> list[Annotations]:
    """Read `--annotations`, and what the other options say about files among them.

    Raises
    ------
    InputError
        An option for files, and there is none.
    """
    from pathlib import Path

    from loader import AnnotationFile
    from loader.sources.tablefile import looks_like_file

    if ids not in get_args(Ids):
        raise InputError(f"--ids '{ids}'", hint=f"one of {', '.join(get_args(Ids))}")
    paths = [value for value in given or () if looks_like_file(value)]
    if (columns or lists) and not paths:
        raise InputError("--annotation-column and --list are for files given with --annotations")
    if not columns and not lists and ids == "auto":
        return list(given or ())
    named = dict(pair(text, "--annotation-column", "root_id=segment") for text in columns or ())
    return [
        AnnotationFile(Path(value), columns=named, lists=tuple(lists or ()), ids=cast("Ids", ids))
        if value in paths
        else value
        for value in given or ()
    ]


def from_files(
    path: str,
    tables: Sequence[Any],
    *,
    columns: Sequence[str] | None,
    ids: str,
    name: str,
    version: int,
    refused: Mapping[str, object],
) -> FileSource:
    """Make the source of a load from files."""
    from loader import FileSource

    for option, value in refused.items():
        if value is not None and value != "":
            raise InputError(f"'{path}' is a file: it takes no {option}")
    return FileSource(
        path,
        annotations=tables,
        columns=dict(pair(text, "--column", "weight=chemical") for text in columns or ()),
        ids=cast("Ids", ids),
        datastack=name,
        version=version,
    )


def from_cave(
    datastack: str,
    tables: Sequence[Annotations],
    *,
    preset: str | None,
    no_preset: bool,
    version: int | str,
    server: str,
    refused: Mapping[str, object],
    **options: str | None,
) -> CaveSource:
    """Make the source of a load from CAVE, by the datastack's preset where there is one."""
    from loader import CaveSource, read_preset
    from loader.sources.presets import known_presets

    if any(refused.values()):
        raise InputError(f"{' and '.join(refused)} are for files", hint=f"'{datastack}' is no file")
    given: dict[str, Any] = {
        name: "" if value == NONE else value for name, value in options.items() if value is not None
    }
    if preset is not None and no_preset:
        raise InputError("--preset and --no-preset contradict each other")
    if preset is None and (no_preset or datastack not in known_presets()):
        return CaveSource(datastack, annotations=tables, version=version, server=server, **given)
    known = read_preset(preset or datastack)
    if known.datastack != datastack:
        raise InputError(
            f"the preset is of datastack '{known.datastack}', not of '{datastack}'",
            hint="give the datastack that the preset names",
        )
    if not known.tried:
        typer.echo(
            f"preset of '{datastack}': its makers could not try it against the real server; "
            "what it says is checked against the server's answers",
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
