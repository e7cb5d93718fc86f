"""Access to a CAVE server: the client, complete answers, ids over time."""
