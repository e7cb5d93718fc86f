"""The query files: one Cypher query each, read by `graphapi.queries`. No logic lives here."""
