"""Names of neurons in pictures: a property that Neo4j Browser writes on each node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

#: Name of the property.
DISPLAY_NAME = "display_name"
#: Fields that make the name, the most specific first.
NAMING = ("name", "cell_type", "type", "cell_class", "class", "super_class")


def display_names(batch: pa.RecordBatch) -> pa.Array:
    """Return the names of a batch of neurons; see `loader.writers.neo4j_explore`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def text(name: str) -> pa.Array:
        there = name in batch.schema.names and pa.types.is_string(batch.schema.field(name).type)
        column = batch.column(name) if there else pa.nulls(batch.num_rows, pa.string())
        trimmed = pc.utf8_trim_whitespace(column)
        return pc.if_else(pc.equal(trimmed, ""), None, trimmed)

    side = pc.utf8_upper(pc.utf8_slice_codeunits(text("side"), 0, 1))
    ending = pc.coalesce(pc.binary_join_element_wise("", side, " "), "")
    kind = pc.coalesce(*(text(name) for name in NAMING[1:]))
    digits = pc.utf8_slice_codeunits(pc.cast(batch.column("root_id"), pa.string()), -4)
    return pc.coalesce(
        text("name"),
        pc.binary_join_element_wise(kind, ending, ""),
        pc.binary_join_element_wise("Unknown", digits, " "),
    )
