// name: drop_record
// summary: Delete the record, so that nobody can read what is left of the graph.
// mode: write
// engine: neo4j
// column gone: int -- how many; 0 where none are left

MATCH (m:Materialization)
WITH m LIMIT 1000
DETACH DELETE m
RETURN count(*) AS gone
