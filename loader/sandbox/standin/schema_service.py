"""The schema service: the annotation schemas, as far as a client needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.replies import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request

    from loader.sandbox.standin.columns import Column
    from loader.sandbox.standin.standin import Standin

_FIELDS: Final = {
    "bound": {"$ref": "#/definitions/BoundSpatialPoint"},
    "point": {"$ref": "#/definitions/SpatialPoint"},
    "integer": {"type": "integer"},
    "float": {"type": "number", "format": "float"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
}
_SYNAPSE: Final = {"pre_pt": "bound", "post_pt": "bound"}
_PROOFREAD: Final = {"pt": "bound", "valid_id": "integer"}
_TARGET: Final = {"target_id": "integer"}

#: Schema -> field -> kind of value; the common schemas of the real service.
_SCHEMAS: Final[dict[str, dict[str, str]]] = {
    "synapse": {**_SYNAPSE, "ctr_pt": "point", "size": "float"},
    "nocleft_synapse": {**_SYNAPSE, "score": "float"},
    "nocenter_synapse": {**_SYNAPSE, "size": "float"},
    "fly_synapse": {**_SYNAPSE, "connection_score": "float", "cleft_score": "float"},
    "cell_type_local": {"classification_system": "string", "cell_type": "string", "pt": "bound"},
    "cell_type_reference": {**_TARGET, "classification_system": "string", "cell_type": "string"},
    "nucleus_detection": {
        "volume": "float",
        "pt": "bound",
        "bb_start": "point",
        "bb_end": "point",
    },
    "bound_tag": {"pt": "bound", "tag": "string"},
    "bound_double_tag": {"pt": "bound", "tag": "string", "tag2": "string"},
    "reference_tag": {"tag": "string", **_TARGET},
    "reference_integer": {**_TARGET, "value": "integer"},
    "simple_reference": dict(_TARGET),
    "reference_tag_float": {"tag": "string", **_TARGET, "value": "float"},
    "proofread_status": {**_PROOFREAD, "status": "string"},
    "compartment_proofread_status": {
        **_PROOFREAD,
        "status_dendrite": "string",
        "status_axon": "string",
    },
    "compartment_proofread_status_strategy": {
        **_PROOFREAD,
        "status_dendrite": "boolean",
        "status_axon": "boolean",
        "strategy_dendrite": "string",
        "strategy_axon": "string",
    },
    "proofreading_boolstatus_user": {**_PROOFREAD, "proofread": "boolean", "user_id": "integer"},
    "representative_point": {"pt": "bound"},
}
_BOOKKEEPING: Final = ("id", "valid", "created", "superceded_id")


def schema_routes(standin: Standin) -> list[Route]:
    """Return the routes below `/schema`."""
    known = dict(_SCHEMAS)
    for table in standin.folder.tables.values():
        schema = str(table.metadata.get("schema_type") or "")
        if schema and schema not in known:
            known[schema] = _fields_of(table.newest.columns.values())

    def versions(_request: Request) -> Response:
        return JSONResponse([2])

    def names(_request: Request) -> Response:
        return JSONResponse(sorted(known))

    def everything(_request: Request) -> Response:
        return JSONResponse({name: _json_schema(name, known[name]) for name in known})

    def one(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in known:
            raise RefusalError(404, {"message": f"schema {name} not found"})
        return JSONResponse(_json_schema(name, known[name]))

    def some(request: Request) -> Response:
        wanted = request.query_params.get("schema_names", "").split(",")
        found: dict[str, Any] = {n: _json_schema(n, known[n]) for n in wanted if n in known}
        return JSONResponse(found)

    base = "/schema/api/v2"
    return [
        Route("/schema/versions", versions),
        Route(f"{base}/type", names),
        Route(f"{base}/type/{{name}}", one),
        Route(f"{base}/types", some, methods=["POST"]),
        Route(f"{base}/types_all", everything),
    ]


def _json_schema(name: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return a schema as the schema service sends it: JSON schema with a reference to the type."""
    title = "".join(part.capitalize() for part in name.split("_")) + "Schema"
    position = {"position": {"type": "array", "items": {"type": "number", "format": "float"}}}
    bound = {**position, "supervoxel_id": {"type": "integer"}, "root_id": {"type": "integer"}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": f"#/definitions/{title}",
        "definitions": {
            "SpatialPoint": {"type": "object", "properties": position},
            "BoundSpatialPoint": {"type": "object", "properties": bound},
            title: {
                "type": "object",
                "properties": {field: dict(_FIELDS[kind]) for field, kind in fields.items()},
                "required": list(fields),
            },
        },
    }


def _fields_of(columns: Iterable[Column]) -> dict[str, str]:
    """Infer the fields of an unknown schema from the columns of a table that uses it."""
    by_name = {column.name: column for column in columns}
    fields: dict[str, str] = {}
    for name, column in by_name.items():
        if name in _BOOKKEEPING or column.is_segmentation:
            continue
        if column.kind == "position":
            stem = name.removesuffix("_position")
            fields[stem] = "bound" if f"{stem}_root_id" in by_name else "point"
        else:
            fields[name] = "string" if column.kind == "time" else column.kind
    return fields
