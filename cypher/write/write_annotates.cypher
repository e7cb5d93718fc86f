// name: write_annotates
// summary: Attach annotation rows to their neurons.
// mode: write
// param rows: any -- one map a row: annotation_id, root_id

UNWIND $rows AS row
MATCH (a:Annotation {annotation_id: row.annotation_id})
MATCH (n:Neuron {root_id: row.root_id})
CREATE (a)-[:ANNOTATES]->(n)
