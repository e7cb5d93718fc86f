"""The working folder of a load: its manifest, lock, settings and DuckDB."""
