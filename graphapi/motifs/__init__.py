"""Motif search in DotMotif's language."""
