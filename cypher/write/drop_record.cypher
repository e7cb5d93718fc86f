// name: drop_record
// summary: Delete the record of what the graph is, so that what is left is never served.
// mode: write
// engine: neo4j

MATCH (m:Materialization)
CALL (m) { DETACH DELETE m } IN TRANSACTIONS OF 1000 ROWS
