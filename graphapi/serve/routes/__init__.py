"""The questions that a server answers, by topic."""
