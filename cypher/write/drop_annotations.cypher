// name: drop_annotations
// summary: Delete all annotation rows with their ties to neurons, in transactions of their own.
// mode: write
// engine: neo4j

MATCH (a:Annotation)
CALL (a) { DETACH DELETE a } IN TRANSACTIONS OF 10000 ROWS
