// name: marked_loads
// summary: The load that is at work or was broken off, if any.
// mode: read
// column load_id: string -- the load
// order: load_id

MATCH (m:LoadMark)
RETURN m.load_id AS load_id
