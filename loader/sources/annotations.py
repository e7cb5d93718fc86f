"""Read annotation arguments, with the settings of a preset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from loader.sources.annotationfile import AnnotationFile
from loader.sources.annotationtable import AnnotationTable
from loader.sources.places import is_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.sources.presets import Preset

#: The name of a CAVE table, the path of a file, or an object with more settings for either.
Annotations: TypeAlias = str | Path | AnnotationFile | AnnotationTable


def read_annotation(
    value: Annotations, preset: Preset | None = None
) -> AnnotationTable | AnnotationFile:
    """Turn an annotation argument into a table or file.

    Parameters
    ----------
    value
        A text is a file if it exists or looks like one, else the name of a CAVE table.
    preset
        Settings for its own tables, and for files that do not set them themselves.

    Raises
    ------
    NotFoundError, InputError
        The file does not exist, or has an unknown extension.
    """
    known = {table.name: table for table in preset.annotations} if preset else {}
    if isinstance(value, AnnotationTable):
        if value.name in known and value == AnnotationTable(
            value.name, transmitter=value.transmitter
        ):  # nothing else said: the preset knows the rest
            return replace(known[value.name], transmitter=value.transmitter)
        return value
    if isinstance(value, str) and not is_place(value):
        return known.get(value, AnnotationTable(value))
    file = AnnotationFile.of(value)
    if preset is None:
        return file
    return replace(
        file,
        columns={**preset.file_columns, **file.columns},
        likely_lists=file.likely_lists or preset.list_fields,
    )


def with_preset(
    given: Iterable[Annotations], preset: Preset
) -> list[AnnotationTable | AnnotationFile]:
    """Return the given tables, then those of a preset that were not given."""
    first = [read_annotation(value, preset) for value in given]
    named = {table.name for table in first if isinstance(table, AnnotationTable)}
    return [*first, *(table for table in preset.annotations if table.name not in named)]
