"""Convert a driver's graph, temporal and spatial values to plain values that Arrow can hold.

They are recognised by their attributes, not by their class, and so no driver is needed.
"""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """Convert a value to plain Python.

    Returns
    -------
    object
        For a node, a dict of `_id`, `_labels` and its properties; for a relationship, of `_id`,
        `_type`, `_start`, `_end` and its properties; for a path, of `nodes` and
        `relationships`; for a point, of `srid`, `x`, `y` and perhaps `z`. Dates and times are
        `datetime` objects, to the microsecond; durations and times with a zone are ISO 8601
        texts. Lists and maps are converted item by item; all else stays as it is.
    """
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "srid"):
        return {"srid": value.srid, **dict(zip("xyz", value, strict=False))}
    if hasattr(value, "relationships"):
        return {
            "nodes": plain(list(value.nodes)),
            "relationships": plain(list(value.relationships)),
        }
    if hasattr(value, "labels"):
        return {"_id": value.element_id, "_labels": sorted(value.labels), **_properties(value)}
    if hasattr(value, "start_node"):
        return {
            "_id": value.element_id,
            "_type": value.type,
            "_start": getattr(value.start_node, "element_id", None),
            "_end": getattr(value.end_node, "element_id", None),
            **_properties(value),
        }
    return _moment(value)


def _properties(entity: Any) -> dict[str, Any]:
    return {key: plain(item) for key, item in entity.items()}


def _moment(value: Any) -> Any:
    is_time_with_zone = hasattr(value, "utc_offset") and not hasattr(value, "year")
    if hasattr(value, "to_native") and not (is_time_with_zone and value.tzinfo is not None):
        return value.to_native()
    return value.iso_format() if hasattr(value, "iso_format") else value
