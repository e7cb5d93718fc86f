// name: marked_loads
// summary: The load that is changing the graph or was interrupted, if any.
// mode: read
// column load_id: string -- the load
// order: load_id

MATCH (m:LoadMark)
WHERE m.load_id IS NOT NULL
RETURN m.load_id AS load_id
