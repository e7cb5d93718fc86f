"""How fast, how large, against what: measured in one run, never asserted.

``python -m tests.benchmarks --work FOLDER`` makes a synthetic brain of a fly's size, loads it
into both engines, asks both and their rivals the same questions, and writes
``docs/benchmarks.md``. Sections run one after the other, each in a process of its own.
"""
