"""Read the JSON body of a query, with the checks of the real server."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starlette.concurrency import run_in_threadpool

from loader.sandbox.standin.replies import RefusalError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

#: Table -> column -> value.
ByColumn: TypeAlias = Mapping[str, Mapping[str, Any]]

#: Body key -> comparison; `filter_notin_dict` is accepted and ignored, as the real server does.
FILTERS: Final = {
    "filter_in_dict": "in",
    "filter_equal_dict": "=",
    "filter_greater_dict": ">",
    "filter_less_dict": "<",
    "filter_greater_equal_dict": ">=",
    "filter_less_equal_dict": "<=",
    "filter_spatial_dict": "box",
    "filter_regex_dict": "regex",
}
_COMMON: Final = frozenset(
    {*FILTERS, "filter_notin_dict", "select_columns", "offset", "limit", "desired_resolution"}
)
ONE_TABLE: Final = _COMMON
JOINED: Final = _COMMON | {"tables", "select_column_map", "suffixes", "suffix_map"}
LIVE: Final = _COMMON | {"table", "timestamp", "join_tables", "suffixes"}


@dataclass(frozen=True)
class Question:
    """A query's body, with its filters by comparison.

    Attributes
    ----------
    filters
        Comparison -> table -> column -> value.
    offset, limit
        Number of rows to skip, largest number of rows to send.
    resolution
        Wanted resolution of positions in nanometres per voxel; None for the stored one.
    body
        The whole body, for keys of a single kind of query.
    """

    filters: dict[str, ByColumn]
    offset: int
    limit: int | None
    resolution: tuple[float, float, float] | None
    body: dict[str, Any] = field(repr=False)


def with_body(
    handle: Callable[[Request, bytes], Response],
) -> Callable[[Request], Awaitable[Response]]:
    """Turn a function of the request and its body into a handler; a GET may have a body too."""

    async def handler(request: Request) -> Response:
        content = await request.body()
        return await run_in_threadpool(handle, request, content)

    return handler


def read_question(content: bytes, allowed: frozenset[str]) -> Question:
    """Read a body.

    Parameters
    ----------
    content
        The JSON text.
    allowed
        Allowed keys.

    Raises
    ------
    RefusalError
        The text is not a JSON object, or has another key or a value of the wrong type.
    """
    body = read_json(content)
    wrong = {key: ["Unknown field."] for key in body if key not in allowed}
    for key in (*FILTERS, "filter_notin_dict", "select_column_map", "suffix_map"):
        if key in allowed and not isinstance(body.get(key, {}), dict):
            wrong[key] = ["Not a valid mapping type."]
    for key in ("offset", "limit"):
        if isinstance(body.get(key, 0), bool) or not isinstance(body.get(key, 0), int):
            wrong[key] = ["Not a valid integer."]
    resolution = body.get("desired_resolution")
    if resolution is not None and not _is_resolution(resolution):
        wrong["desired_resolution"] = ["Not three numbers above 0."]
    if wrong:
        raise RefusalError(500, {"schema_errors": wrong})
    return Question(
        filters={name: body[key] for key, name in FILTERS.items() if body.get(key)},
        offset=max(0, body.get("offset", 0)),
        limit=body.get("limit"),
        resolution=None if resolution is None else tuple(float(r) for r in resolution),  # type: ignore[arg-type]
        body=body,
    )


def read_json(content: bytes) -> dict[str, Any]:
    """Read a JSON object; an empty body is an empty object.

    Raises
    ------
    RefusalError
        The body is not a JSON object.
    """
    try:
        body = json.loads(content or b"{}")
    except ValueError:
        raise RefusalError(
            400, {"message": "The browser (or proxy) sent a request that is not JSON."}
        ) from None
    if not isinstance(body, dict):
        raise RefusalError(400, {"message": "Invalid input type."})
    return body


def _is_resolution(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(isinstance(v, (int, float)) and v > 0 for v in value)
    )
