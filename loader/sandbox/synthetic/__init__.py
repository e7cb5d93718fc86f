"""A synthetic brain of any size, to test loads, queries and machines without real data."""

from loader.sandbox.synthetic.brain import SyntheticBrain, make_brain

__all__ = ["SyntheticBrain", "make_brain"]
