"""Putting the stages of a load into a graph database."""
