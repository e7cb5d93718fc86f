"""A made-up brain of any size, to try loads, queries and machines before real data are there."""

from loader.sandbox.synthetic.brain import SyntheticBrain, make_brain

__all__ = ["SyntheticBrain", "make_brain"]
