// name: materialization
// summary: What this graph is: one record, or none if a load never finished.
// mode: read
// column record: string -- the record as JSON text
// column status: string -- loading or complete
// column load_id: string -- which load made it

MATCH (m:Materialization)
RETURN m.record AS record, m.status AS status, m.load_id AS load_id
