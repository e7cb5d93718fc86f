// name: touch_mark
// summary: Take the mark of a database for this transaction: until its end no other load gets further.
// mode: write
// engine: neo4j

MERGE (m:LoadMark {slot: 'graph'})
SET m.touched = timestamp()
