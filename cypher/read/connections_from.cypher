// name: connections_from
// summary: Connections from all neurons of a range of root ids: a piece of the whole graph.
// mode: read
// param first: int -- smallest presynaptic root id
// param last: int -- largest presynaptic root id, inclusive
// param threshold: int -- smallest weight kept, in synapses
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- number of synapses from pre to post
// order: pre, post

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id >= $first AND a.root_id <= $last AND c.weight >= $threshold
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
