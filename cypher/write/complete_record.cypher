// name: complete_record
// summary: Publish a graph: if its record is the one this load wrote, complete it and remove the mark.
// mode: write
// engine: neo4j
// param load_id: string -- the load
// param status: string -- what the record has said until now
// param record: string -- the record as JSON text
// column published: bool -- the record was as it should be

MATCH (k:LoadMark {slot: 'graph'})
OPTIONAL MATCH (m:Materialization {slot: 'graph'})
WHERE m.load_id = $load_id AND m.status = $status AND m.record = $record
FOREACH (_ IN CASE WHEN m IS NULL THEN [] ELSE [1] END |
  SET m.status = 'complete'
  DELETE k)
RETURN m IS NOT NULL AS published
