// name: drop_annotations
// summary: Delete a batch of annotation rows with their ties to neurons.
// mode: write
// engine: neo4j
// column gone: int -- how many; 0 where none are left

MATCH (a:Annotation)
WITH a LIMIT 10000
DETACH DELETE a
RETURN count(*) AS gone
