// name: what_is_this_graph
// summary: This graph's datastack, version, timestamp and counts.
// mode: read
// engine: neo4j
// column datastack: string -- the CAVE datastack, or the file's name
// column version: int -- materialization version; 0 for files
// column timestamp: string -- timestamp of the version, UTC; empty for files
// column synapse_table: string -- table or file of the synapses
// column status: string -- complete; if it is loading, read nothing else
// column synthetic: bool -- whether the data are made up
// column neurons: int -- neurons and un-annotated partners
// column connections: int -- ordered pairs with a synapse
// column synapses: int -- sum of their weights
// column loaded_at: string -- time of the load, UTC
//
// Nothing to change.

MATCH (m:Materialization)
RETURN m.datastack AS datastack, m.version AS version, m.timestamp AS timestamp,
       m.synapse_table AS synapse_table, m.status AS status, m.synthetic AS synthetic,
       m.neurons AS neurons, m.connections AS connections, m.synapses AS synapses,
       m.loaded_at AS loaded_at
