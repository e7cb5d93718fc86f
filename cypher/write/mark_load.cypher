// name: mark_load
// summary: Mark that a load changes the graph: from now on it may be incomplete.
// mode: write
// engine: neo4j
// param load_id: string -- the load

MATCH (m:LoadMark {slot: 'graph'})
SET m.load_id = $load_id
