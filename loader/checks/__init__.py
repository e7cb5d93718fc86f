"""Checks of a loaded graph: against the source, against CAVE, of its query plans."""
