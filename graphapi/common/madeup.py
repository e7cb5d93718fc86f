"""The mark of synthetic data in Parquet and Arrow files.

A file carries it in its schema, so it survives copying and renaming. Text files have no place
for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_KEY, _VALUE = b"cavegraph.synthetic", b"true"


def marked_synthetic(schema: pa.Schema, synthetic: bool = True) -> pa.Schema:
    """Return a schema with the mark; unchanged where `synthetic` is False."""
    if not synthetic:
        return schema
    return schema.with_metadata({**(schema.metadata or {}), _KEY: _VALUE})


def is_marked_synthetic(schema: pa.Schema) -> bool:
    """Return whether a schema has the mark."""
    return (schema.metadata or {}).get(_KEY) == _VALUE
