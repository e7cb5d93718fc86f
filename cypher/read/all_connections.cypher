// name: all_connections
// summary: Every connection of the graph; the whole adjacency matrix as a list.
// mode: read
// param threshold: int -- smallest weight kept, in synapses
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- number of synapses from pre to post

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE c.weight >= $threshold
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
