"""Check a loaded graph: its contents, its totals in CAVE, and its query plans."""
