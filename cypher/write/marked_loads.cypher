// name: marked_loads
// summary: The load that is running or was interrupted, if any.
// mode: read
// column load_id: string -- the load
// order: load_id

MATCH (m:LoadMark)
RETURN m.load_id AS load_id
