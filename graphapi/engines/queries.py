"""Read query files, check them against their own headers, and give them to the engines.

A file below `cypher/` holds one query and starts with its contract::

    // name: downstream
    // summary: Connections from the given neurons to all they synapse onto.
    // mode: read
    // param ids: list[int] -- presynaptic root ids
    // column pre: int -- presynaptic root id
    // order: pre

The contract is used to check parameters before anything is sent, to give columns their
types even if a result is empty, to order rows, and to write `cypher/README.md`. All engines
share the body. If one engine's dialect needs another text, a file of the same name below
`cypher/dialect/<engine>/` overrides the body, never the contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from graphapi.errors import InputError, QueryFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

    import pyarrow as pa

Mode = Literal["read", "write"]

_FOLDERS = ("read", "verify", "write", "schema", "motifs", "explore")
_HEADER = re.compile(
    r"^//\s?(name|summary|mode|param|column|order|properties|property)\b:?\s*(.*)$"
)
_PROPERTIES = "/* properties */"
_ITEM = re.compile(r"^(?P<name>\w+):\s*(?P<type>[\w\[\]]+)(?:\s*--\s*(?P<doc>.*))?$")
_ORDER = re.compile(r"^(\w+)(?:\s+(ASC|DESC))?$")
_USED = re.compile(r"\$(\w+)")
_TYPES = ("int", "float", "string", "bool", "list[int]", "list[float]", "list[string]", "any")


def quoted(name: str) -> str:
    """Quote a property name for a query; names come from a graph's schema, never from users.

    Raises
    ------
    InputError
        The name cannot be quoted safely.
    """
    if not name or "`" in name or "\\" in name or not name.isprintable():
        raise InputError(f"{name!r} cannot be a property name")
    return f"`{name}`"


@dataclass(frozen=True)
class Item:
    """A declared parameter or column."""

    name: str
    type: str
    doc: str = ""


@dataclass(frozen=True)
class Query:
    """One query with its contract.

    Parameters
    ----------
    name
        The file's name without its ending.
    text
        The body, for every engine without an override.
    mode
        `read` or `write`.
    params, columns
        What goes in and what comes out; the types are `int`, `float`, `string`, `bool`,
        `list[int]`, `list[float]`, `list[string]` and `any`.
    order
        Pairs of column and direction (`ascending` or `descending`): the rows' order.
    overrides
        Bodies by engine name.
    properties
        The variable whose properties the caller may add as columns; empty for none.
    property
        A neuron property, back-quoted in the body, that the caller may replace by another.
    path
        The file of the query, for error messages.
    """

    name: str
    text: str
    mode: Mode = "read"
    summary: str = ""
    params: tuple[Item, ...] = ()
    columns: tuple[Item, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    properties: str = ""
    property: str = ""
    path: str = ""

    def with_property(self, name: str) -> Query:
        """Replace the property that the file declares by another of the graph's schema.

        Raises
        ------
        QueryFileError
            The file declares no `property`.
        InputError
            The name cannot be quoted safely.
        """
        if not self.property:
            raise QueryFileError(f"{self.path}: has no property to replace")
        old, new = quoted(self.property), quoted(name)
        return replace(
            self,
            text=self.text.replace(old, new),
            overrides={engine: text.replace(old, new) for engine, text in self.overrides.items()},
            property=name,
        )

    def with_properties(self, types: Mapping[str, str]) -> Query:
        """Add properties to the columns of a query that allows it.

        Parameters
        ----------
        types
            Declared types by property name. Names must come from the graph's own schema.

        Raises
        ------
        QueryFileError
            The file declares no `properties`.
        InputError
            A name cannot be quoted safely.
        """
        if not self.properties:
            raise QueryFileError(f"{self.path}: takes no properties")
        new = {name: kind for name, kind in types.items() if name not in self._column_names()}
        listed = "".join(f", {self.properties}.{quoted(n)} AS {quoted(n)}" for n in new)
        return replace(
            self,
            text=self.text.replace(_PROPERTIES, listed),
            overrides={e: t.replace(_PROPERTIES, listed) for e, t in self.overrides.items()},
            columns=(*self.columns, *(Item(name, kind) for name, kind in new.items())),
        )

    def _column_names(self) -> set[str]:
        return {item.name for item in self.columns}

    def text_for(self, engine: str) -> str:
        """Return the body for an engine."""
        return self.overrides.get(engine, self.text)

    def check(self, params: Mapping[str, object] | None) -> dict[str, object]:
        """Check that all parameters are given and no others; engines ignore or misread some.

        Raises
        ------
        InputError
            The names are not exactly those that are declared.
        """
        given = dict(params or {})
        declared = {item.name for item in self.params}
        if given.keys() != declared:
            missing, extra = sorted(declared - given.keys()), sorted(given.keys() - declared)
            raise InputError(
                f"query '{self.name}': parameters missing: {missing}, unknown: {extra}",
                hint=f"it takes exactly: {sorted(declared)}",
            )
        return given

    def shape(self, table: pa.Table) -> pa.Table:
        """Convert an engine's answer to the declared columns, types and order.

        Raises
        ------
        QueryFileError
            The engine's columns are not the declared ones.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        names = [item.name for item in self.columns]
        if table.column_names != names:
            raise QueryFileError(
                f"{self.path}: declares columns {names}, the engine gave {table.column_names}"
            )
        arrays = []
        for item in self.columns:
            column, kind = table.column(item.name), arrow_type(item.type)
            if kind is not None and column.type != kind:
                try:
                    column = column.cast(kind)
                except pa.ArrowInvalid as error:
                    raise QueryFileError(
                        f"{self.path}: column '{item.name}' is {column.type}, not {item.type}"
                    ) from error
            arrays.append(column)
        shaped = pa.table(arrays, names=names)
        if self.order and shaped.num_rows > 1:
            shaped = shaped.take(pc.sort_indices(shaped, sort_keys=list(self.order)))
        return shaped


class Catalog:
    """All query files, by name.

    Raises
    ------
    QueryFileError
        On construction, if a file does not match its own header.
    """

    def __init__(self, root: Traversable) -> None:
        self._queries: dict[str, Query] = {}
        overrides = _read_overrides(root)
        for folder in _FOLDERS:
            for entry in _cypher_files(root.joinpath(folder)):
                name = entry.name.removesuffix(".cypher")
                query = read_query(
                    entry.read_text(encoding="utf-8"),
                    name=name,
                    path=f"cypher/{folder}/{entry.name}",
                    overrides=overrides.pop(name, {}),
                )
                if name in self._queries:
                    raise QueryFileError(f"{query.path}: there is another query '{name}'")
                self._queries[name] = query
        if overrides:
            raise QueryFileError(f"cypher/dialect: no query to override: {sorted(overrides)}")

    def __getitem__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise QueryFileError(f"there is no query file '{name}.cypher'") from None

    def __iter__(self) -> Iterator[Query]:
        return iter(self._queries.values())

    def names(self) -> Sequence[str]:
        """Return all names, sorted."""
        return sorted(self._queries)


@cache
def catalog() -> Catalog:
    """Return the catalogue of the query files that ship with this package."""
    return Catalog(files("cypher"))


def read_query(
    source: str, *, name: str, path: str, overrides: Mapping[str, str] | None = None
) -> Query:
    """Read one query file and check its contract.

    Raises
    ------
    QueryFileError
        With path and line: the header is missing or wrong, or the declared parameters
        are not those used.
    """
    header, body = _split(source, path)
    if header.name != name:
        raise QueryFileError(f"{path}: the header says name '{header.name}', the file '{name}'")
    texts = {"": body, **(overrides or {})}
    declared = {item.name for item in header.params}
    for engine, text in texts.items():
        used = set(_USED.findall(_without_comments(text)))
        if used != declared:
            where = f"{path} ({engine} override)" if engine else path
            raise QueryFileError(
                f"{where}: declared parameters {sorted(declared)}, used {sorted(used)}"
            )
    columns = {item.name for item in header.columns}
    if bool(header.properties) != all(_PROPERTIES in text for text in texts.values()):
        raise QueryFileError(f"{path}: 'properties:' and {_PROPERTIES} go together")
    if header.property and not all(quoted(header.property) in text for text in texts.values()):
        raise QueryFileError(f"{path}: the body lacks {quoted(header.property)}")
    if unknown := {column for column, _ in header.order} - columns:
        raise QueryFileError(f"{path}: order names unknown columns: {sorted(unknown)}")
    return Query(
        name=name,
        text=body,
        mode=header.mode,
        summary=header.summary,
        params=tuple(header.params),
        columns=tuple(header.columns),
        order=tuple(header.order),
        properties=header.properties,
        property=header.property,
        overrides=dict(overrides or {}),
        path=path,
    )


@dataclass
class _Header:
    name: str = ""
    summary: str = ""
    mode: Mode = "read"
    params: list[Item] = field(default_factory=list)
    columns: list[Item] = field(default_factory=list)
    order: list[tuple[str, str]] = field(default_factory=list)
    properties: str = ""
    property: str = ""


def _split(source: str, path: str) -> tuple[_Header, str]:
    header, seen = _Header(), set()
    body: list[str] = []
    for number, line in enumerate(source.splitlines(), 1):
        match = _HEADER.match(line) if not body else None
        if match is None:
            if body or (line.strip() and not line.startswith("//")):
                body.append(line)
            continue
        key, value = match.group(1), match.group(2).strip()
        seen.add(key)
        _read_header_line(header, key, value, f"{path}:{number}")
    if missing := {"name", "summary", "mode"} - seen:
        raise QueryFileError(f"{path}: the header lacks {sorted(missing)}")
    return header, "\n".join(body).strip() + "\n"


def _read_header_line(header: _Header, key: str, value: str, where: str) -> None:
    if key == "name":
        header.name = value
    elif key == "summary":
        header.summary = value
    elif key == "mode":
        if value not in ("read", "write"):
            raise QueryFileError(f"{where}: mode is 'read' or 'write', not '{value}'")
        header.mode = "read" if value == "read" else "write"
    elif key in ("properties", "property"):
        setattr(header, key, value.split("--", maxsplit=1)[0].strip())
    elif key == "order":
        header.order.extend(_read_order(value, where))
    elif key in ("param", "column"):
        item = _read_item(value, where)
        (header.params if key == "param" else header.columns).append(item)


def _read_item(value: str, where: str) -> Item:
    match = _ITEM.match(value)
    if match is None or match["type"] not in _TYPES:
        raise QueryFileError(f"{where}: expected 'name: type -- meaning', got '{value}'")
    return Item(match["name"], match["type"], match["doc"] or "")


def _read_order(value: str, where: str) -> list[tuple[str, str]]:
    order = []
    for part in value.split(","):
        match = _ORDER.match(part.strip())
        if match is None:
            raise QueryFileError(f"{where}: expected 'column [DESC]', got '{part}'")
        order.append((match[1], "descending" if match[2] == "DESC" else "ascending"))
    return order


def _read_overrides(root: Traversable) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    dialects = root.joinpath("dialect")
    if not dialects.is_dir():
        return found
    for engine in dialects.iterdir():
        for entry in _cypher_files(engine):
            name = entry.name.removesuffix(".cypher")
            text = entry.read_text(encoding="utf-8")
            found.setdefault(name, {})[engine.name] = _without_header(text)
    return found


def _without_header(source: str) -> str:
    lines = source.splitlines()
    while lines and (lines[0].startswith("//") or not lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines).strip() + "\n"


def _cypher_files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".cypher")]
    return sorted(found, key=lambda entry: entry.name)


def _without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*", "", text)


def arrow_type(declared: str) -> pa.DataType | None:
    """Return the Arrow type of a declared one; None for `any`."""
    import pyarrow as pa

    return {
        "int": pa.int64(),
        "float": pa.float64(),
        "string": pa.string(),
        "bool": pa.bool_(),
        "list[int]": pa.list_(pa.int64()),
        "list[float]": pa.list_(pa.float64()),
        "list[string]": pa.list_(pa.string()),
    }.get(declared)
