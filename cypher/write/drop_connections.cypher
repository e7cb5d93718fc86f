// name: drop_connections
// summary: Delete a batch of connections.
// mode: write
// engine: neo4j
// column gone: int -- how many; 0 where none are left

MATCH ()-[c:CONNECTS]->()
WITH c LIMIT 20000
DELETE c
RETURN count(*) AS gone
