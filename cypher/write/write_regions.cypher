// name: write_regions
// summary: Add the weights of connections by region.
// mode: write
// param rows: any -- one map a row: pre, post, region, weight

UNWIND $rows AS row
MATCH (a:Neuron {root_id: row.pre})
MATCH (b:Neuron {root_id: row.post})
CREATE (a)-[:CONNECTS_IN {region: row.region, weight: row.weight}]->(b)
