// name: drop_record
// summary: Delete the record, so that nobody can read what is left of the graph.
// mode: write
// engine: neo4j

MATCH (m:Materialization)
CALL (m) { DETACH DELETE m } IN TRANSACTIONS OF 1000 ROWS
