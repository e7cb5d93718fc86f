// name: leave_mark
// summary: Release the database; the mark stays if the load has begun to change the graph.
// mode: write
// engine: neo4j
// param token: string -- the load

MATCH (m:LoadMark {slot: 'graph'})
WHERE m.token = $token OR m.token IS NULL
SET m.token = NULL, m.seat = NULL, m.holder = NULL, m.until = NULL
WITH m WHERE m.load_id IS NULL
DELETE m
