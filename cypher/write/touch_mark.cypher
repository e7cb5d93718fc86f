// name: touch_mark
// summary: Lock the mark until this transaction ends, so that no other load can change it.
// mode: write
// engine: neo4j

MERGE (m:LoadMark {slot: 'graph'})
SET m.touched = timestamp()
