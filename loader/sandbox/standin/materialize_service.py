"""The materialization service without its views: versions, tables and queries."""

# ruff: noqa: S608 - SQL is made of names out of the folder, quoted; what clients send is bound

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.queries import answer_joined, answer_live, answer_one, notices
from loader.sandbox.standin.question import JOINED, LIVE, ONE_TABLE, read_question, with_body
from loader.sandbox.standin.replies import RefusalError, plain_404, wrapped
from loader.sandbox.standin.rows import one_line
from loader.sandbox.standin.store import parquet

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from loader.sandbox.standin.folder import Table, Version
    from loader.sandbox.standin.standin import Standin

#: A client refuses versions below 5.13.
_SERVICE_VERSION = "5.26.4"


def materialize_routes(standin: Standin) -> list[Route]:
    """Return the routes below `/materialize`."""
    folder = standin.folder

    def service_version(_request: Request) -> Response:
        return JSONResponse(_SERVICE_VERSION)

    def api_versions(_request: Request) -> Response:
        return JSONResponse([2, 3])

    def versions(request: Request) -> Response:
        return JSONResponse([version.number for version in _listed(standin, request)])

    def versions_metadata(request: Request) -> Response:
        found = [version_record(standin, version) for version in _listed(standin, request)]
        if not found:
            raise plain_404("No valid versions found")
        return JSONResponse(found)

    def version_metadata(request: Request) -> Response:
        version = standin.version(request, plain_404("No version found"))
        return JSONResponse(version_record(standin, version))

    def tables(request: Request, missing: RefusalError) -> Response:
        number = standin.version(request, missing).number
        return JSONResponse([t.name for t in folder.tables.values() if number in t.files])

    def tables_v2(request: Request) -> Response:
        number = request.path_params["version"]
        words = f"version {number} does not exist for {folder.datastack} "
        return tables(request, wrapped(404, words))

    def tables_v3(request: Request) -> Response:
        number = request.path_params["version"]
        return tables(request, plain_404(f"Analysis version {number} not found"))

    def count(request: Request) -> Response:
        version = standin.version(request)
        table = standin.table(request.path_params["table"], version)
        return JSONResponse(standin.row_count(table, version.number))

    def table_metadata(request: Request) -> Response:
        version = standin.version(request)
        table = folder.tables.get(request.path_params["table"])
        if table is None or version.number not in table.files:
            raise plain_404(f"Analysis table {request.path_params['table']} not found")
        is_v3 = "/v3/" in request.url.path
        warns = table.metadata.get("notice_text") and not (is_v3 and table.reference_table)
        headers = {"Warning": one_line(*notices(table))} if warns else {}
        return JSONResponse(table_record(standin, table, version), headers=headers)

    def tables_metadata(request: Request) -> Response:
        version = standin.version(request)
        return JSONResponse(
            [
                table_record(standin, table, version)
                for table in folder.tables.values()
                if version.number in table.files
            ]
        )

    def unique_strings(request: Request) -> Response:
        standin.check_datastack(request)
        table = folder.tables.get(request.path_params["table"])
        if table is None:
            raise plain_404(f"Table {request.path_params['table']} not found")
        return JSONResponse(_unique_strings(standin, table))

    def query(request: Request, content: bytes) -> Response:
        version = standin.version(request)
        question = read_question(content, ONE_TABLE)
        return answer_one(standin, request, version, request.path_params["table"], question)

    def joint_query(request: Request, content: bytes) -> Response:
        version = standin.version(request)
        return answer_joined(standin, request, version, read_question(content, JOINED))

    def live_query(request: Request, content: bytes) -> Response:
        standin.check_datastack(request)
        return answer_live(standin, request, read_question(content, LIVE))

    routes = [
        Route("/materialize/version", service_version),
        Route("/materialize/api/versions", api_versions),
        Route(
            "/materialize/api/v3/datastack/{datastack}/query",
            with_body(live_query),
            methods=["POST"],
        ),
    ]
    for api in ("v2", "v3"):
        stack = f"/materialize/api/{api}/datastack/{{datastack}}"
        version_path = f"{stack}/version/{{version:int}}"
        table_path = f"{version_path}/table/{{table}}"
        routes += [
            Route(f"{stack}/versions", versions),
            Route(f"{stack}/metadata", versions_metadata),
            Route(f"{stack}/table/{{table}}/unique_string_values", unique_strings),
            Route(version_path, version_metadata),
            Route(f"{version_path}/tables", tables_v2 if api == "v2" else tables_v3),
            Route(f"{version_path}/tables/metadata", tables_metadata),
            Route(f"{version_path}/query", with_body(joint_query), methods=["POST"]),
            Route(f"{table_path}/count", count),
            Route(f"{table_path}/metadata", table_metadata),
            Route(f"{table_path}/query", with_body(query), methods=["POST"]),
        ]
    return routes


def version_record(standin: Standin, version: Version) -> dict[str, Any]:
    """Return the service's record of a version."""
    usable = standin.usable(version)
    return {
        "id": version.number,
        "datastack": standin.folder.datastack,
        "version": version.number,
        "time_stamp": as_text(version.timestamp),
        "expires_on": None if version.expires_on is None else as_text(version.expires_on),
        "valid": usable,
        "status": version.status if usable or version.status != "AVAILABLE" else "EXPIRED",
        "is_merged": version.is_merged,
    }


def table_record(standin: Standin, table: Table, version: Version) -> dict[str, Any]:
    """Return the service's record of a table."""
    metadata, folder = table.metadata, standin.folder
    schema = metadata.get("schema_type", "")
    when = as_text(version.timestamp)
    x, y, z = table.resolution
    record = {
        "table_name": table.name,
        "schema": schema,
        "created": when,
        "valid": True,
        "id": 1 + list(folder.tables).index(table.name),
        "aligned_volume": f"{folder.datastack}_volume",
        "schema_type": schema,
        "user_id": "1",
        "description": metadata.get("description", ""),
        "notice_text": metadata.get("notice_text"),
        "reference_table": table.reference_table,
        "flat_segmentation_source": None,
        "write_permission": "PRIVATE",
        "read_permission": table.read_permission,
        "last_modified": when,
        "voxel_resolution_x": x,
        "voxel_resolution_y": y,
        "voxel_resolution_z": z,
    }
    columns = table.files[version.number].columns.values()
    if any(column.is_segmentation for column in columns):
        record["segmentation_source"] = None
        record["pcg_table_name"] = folder.segmentation_table
        record["last_updated"] = when
    return record


def as_text(moment: datetime) -> str:
    """Return a time as the client reads it: UTC without a zone, always with microseconds."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def _listed(standin: Standin, request: Request) -> list[Version]:
    standin.check_datastack(request)
    expired = request.query_params.get("expired", "False").lower() in ("true", "1")
    versions = standin.folder.versions.values()
    return [version for version in versions if expired or standin.usable(version)]


def _unique_strings(standin: Standin, table: Table) -> dict[str, list[str]]:
    file = table.newest
    found = {}
    for name, column in file.columns.items():
        if column.kind == "string" and name != "valid":
            (expression,) = column.sql("t")
            sql = (
                f"SELECT DISTINCT {expression} AS v FROM {parquet(file.path)} AS t"
                f" WHERE {expression} IS NOT NULL ORDER BY 1"
            )
            found[name] = standin.store.arrow(sql)["v"].to_pylist()
    return found
