"""File extensions: of tables that can be read, and of others, with what to do about them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from loader.sources.packed import PACKINGS

Format = Literal["csv", "tsv", "parquet", "feather", "json"]

#: The format of each extension.
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
#: The known file extensions, for messages.
ENDINGS = f"{' '.join(FORMATS)}, each also with {' '.join(PACKINGS)}"
_GRAPH = (
    "a graph: write its edges as a table, in Python with "
    "networkx.to_pandas_edgelist(graph).to_csv('edges.csv', index=False)"
)
#: What other files are, and what to do with them.
FOREIGN = {
    ".xlsx": "an Excel workbook: save the sheet as 'CSV UTF-8'",
    ".xls": "an Excel workbook: save the sheet as 'CSV UTF-8'",
    ".xlsm": "an Excel workbook: save the sheet as 'CSV UTF-8'",
    ".ods": "a workbook: save the sheet as CSV",
    ".avro": "Avro: write it as Parquet, for example with fastavro and pandas",
    ".npy": "an array: give a list of ids with --only",
    ".npz": "arrays: write pre, post and weight as Parquet",
    ".h5": "HDF5: write pre, post and weight as Parquet",
    ".hdf5": "HDF5: write pre, post and weight as Parquet",
    ".mat": "a MATLAB file: write pre, post and weight as a table",
    ".mtx": "a sparse matrix: write pre, post and weight as a table, with ids for its numbers",
    ".pkl": "a Python pickle: open it in Python, and write its table as Parquet",
    ".pickle": "a Python pickle: open it in Python, and write its table as Parquet",
    ".db": "a database: export its table of connections as CSV",
    ".sqlite": "a database: export its table of connections as CSV",
    ".duckdb": "a database: export its table of connections as Parquet",
    ".graphml": _GRAPH,
    ".gml": _GRAPH,
    ".gexf": _GRAPH,
    ".edges": "plain text: rename it to .csv or .tsv",
    ".edgelist": "plain text: rename it to .csv or .tsv",
    ".rds": "an R object: write it with arrow::write_parquet",
    ".rda": "an R object: write it with arrow::write_parquet",
    ".txt": "plain text: rename it to .csv or .tsv",
}


def known_ending(text: str) -> bool:
    """Return whether a text has the extension of a table file."""
    path = Path(text.lower())
    ending = Path(path.stem).suffix if path.suffix in PACKINGS else path.suffix
    return path.suffix in PACKINGS or ending in FORMATS or ending in FOREIGN
