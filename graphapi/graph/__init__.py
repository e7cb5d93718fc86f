"""One open graph: its guard, its record, criteria, and the choice between graph and CAVE."""
