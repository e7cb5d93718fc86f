"""Loads against a CAVE that misbehaves, and fuzzed input: makes `docs/reliability.md`.

``python -m tests.reliability`` measures everything and writes the page; the tests beside it
run a small part of the same.
"""
