// name: downstream
// summary: Connections from the given neurons to every neuron they synapse onto.
// mode: read
// param ids: list[int] -- presynaptic root ids
// param threshold: int -- smallest weight kept, in synapses
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- number of synapses from pre to post
// order: weight DESC, pre, post

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id IN $ids AND c.weight >= $threshold
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
