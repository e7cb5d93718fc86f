"""Send rows as an Arrow stream with pandas metadata, or as JSON records."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from starlette.datastructures import MutableHeaders
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_PANDAS = {
    pa.int64(): "Int64",
    pa.int32(): "Int32",
    pa.float64(): "Float64",
    pa.float32(): "Float32",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.timestamp("ns", tz="UTC"): "datetime64[ns, UTC]",
}


def rows_response(
    request: Request,
    rows: pa.Table,
    *,
    warnings: list[str],
    resolution: tuple[float, ...] | None,
    column_names: Mapping[str, Mapping[str, str]],
) -> Response:
    """Return rows in the form that a request asks for.

    Parameters
    ----------
    request
        The request; its query string asks for Arrow or JSON, its `Accept-Encoding` for a
        compression.
    rows
        Rows in the served types; pandas metadata is added if missing.
    warnings
        Warnings, each sent as a `Warning` header.
    resolution
        Nanometres per voxel of the positions, sent as three `dataframe_resolution` headers.
    column_names
        Column names, sent as their Python repr.
    """
    accepted = request.headers.get("Accept-Encoding", "").lower()
    if _asked(request, "return_pyarrow", default=True):
        compress = _asked(request, "ipc_compress", default=True)
        noted = rows if rows.schema.metadata else with_pandas_metadata(rows)
        body, media = stream(noted, accepted if compress else ""), "data.arrow"
    else:
        body, media = _records(rows), "application/json"
    zipped = "gzip" in accepted
    response = Response(gzip.compress(body, 1) if zipped else body)
    # The client accepts exactly this type, without a charset.
    headers = MutableHeaders(raw=response.raw_headers)
    headers["Content-Type"] = media
    if zipped:
        headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
    for warning in warnings:
        headers.append("Warning", one_line(warning))
    for size in resolution or ():
        headers.append("dataframe_resolution", repr(float(size)))
    headers["column_names"] = one_line(repr({t: dict(c) for t, c in column_names.items()}))
    return response


def with_pandas_metadata(rows: pa.Table) -> pa.Table:
    """Add the metadata with which pandas restores whole numbers, with or without missing ones."""
    empty = pd.DataFrame(
        {field.name: pd.Series(dtype=_PANDAS[field.type]) for field in rows.schema}
    )
    notes = json.loads(pa.Schema.from_pandas(empty).metadata[b"pandas"])
    notes["index_columns"] = [
        {"kind": "range", "name": None, "start": 0, "stop": rows.num_rows, "step": 1}
    ]
    return rows.replace_schema_metadata({b"pandas": json.dumps(notes).encode()})


def count_table(count: int) -> pa.Table:
    """Return the answer to a count query: a plain int64, never missing."""
    return pa.Table.from_pandas(pd.DataFrame({"count": [count]}), preserve_index=False)


def stream(rows: pa.Table, accepted: str) -> bytes:
    """Return an Arrow stream of one batch, compressed as the request allows."""
    compression = "lz4" if "lz4" in accepted else "zstd" if "zstd" in accepted else None
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows.combine_chunks())
        if not rows.num_rows:
            writer.write_batch(pa.RecordBatch.from_pylist([], schema=rows.schema))
    return bytes(sink.getvalue())


def _records(rows: pa.Table) -> bytes:
    kept: dict[Any, Any] = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}
    frame = rows.to_pandas(types_mapper=kept.get)
    return str(frame.to_json(orient="records")).encode()


def _asked(request: Request, name: str, *, default: bool) -> bool:
    value = request.query_params.get(name)
    return default if value is None else value.lower() in ("true", "1")


def one_line(text: str) -> str:
    """Return a text without line breaks, for a header."""
    return " ".join(text.split()).encode("latin-1", "replace").decode("latin-1")
