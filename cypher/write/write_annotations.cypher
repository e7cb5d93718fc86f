// name: write_annotations
// summary: Add annotation rows, each with all its fields.
// mode: write
// param rows: any -- one map a row: property name to value

UNWIND $rows AS row
CREATE (a:Annotation)
SET a = row
