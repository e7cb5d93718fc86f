// name: write_connections
// summary: Add connections between neurons that are there already.
// mode: write
// param rows: any -- one map a row: pre, post, weight, size_sum

UNWIND $rows AS row
MATCH (a:Neuron {root_id: row.pre})
MATCH (b:Neuron {root_id: row.post})
CREATE (a)-[:CONNECTS {weight: row.weight, size_sum: row.size_sum}]->(b)
