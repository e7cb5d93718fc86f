// name: write_connections
// summary: Add connections between existing neurons.
// mode: write
// param rows: any -- one map a row: pre, post, weight, size_sum, and transmitter if there is one

UNWIND $rows AS row
MATCH (a:Neuron {root_id: row.pre})
MATCH (b:Neuron {root_id: row.post})
CREATE (a)-[:CONNECTS {weight: row.weight, size_sum: row.size_sum, transmitter: row.transmitter}]->(b)
