"""The folder a load works in: its manifest, lock, settings and DuckDB."""
