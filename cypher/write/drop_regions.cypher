// name: drop_regions
// summary: Delete a batch of connections by region.
// mode: write
// engine: neo4j
// column gone: int -- how many; 0 where none are left

MATCH ()-[c:CONNECTS_IN]->()
WITH c LIMIT 20000
DELETE c
RETURN count(*) AS gone
