// name: unmark_load
// summary: Remove the mark of a load once its graph is complete.
// mode: write
// param load_id: string -- the load

MATCH (m:LoadMark {slot: 'graph'})
WHERE m.load_id = $load_id
DELETE m
