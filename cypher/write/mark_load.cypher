// name: mark_load
// summary: Mark that a load is running: from now on the graph may be incomplete.
// mode: write
// param load_id: string -- the load

MERGE (m:LoadMark {slot: 'graph'})
SET m.load_id = $load_id
