"""The query files, one Cypher query each. `graphapi.engines.queries` reads them; no logic here."""
