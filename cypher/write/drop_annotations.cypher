// name: drop_annotations
// summary: Delete all annotation rows and what connects them to neurons, in separate transactions.
// mode: write
// engine: neo4j

MATCH (a:Annotation)
CALL (a) { DETACH DELETE a } IN TRANSACTIONS OF 10000 ROWS
