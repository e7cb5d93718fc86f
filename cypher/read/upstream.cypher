// name: upstream
// summary: Connections onto the given neurons from every neuron that synapses onto them.
// mode: read
// param ids: list[int] -- postsynaptic root ids
// param threshold: int -- smallest weight kept, in synapses
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- number of synapses from pre to post
// order: weight DESC, pre, post

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK b:Neuron(root_id)
WHERE b.root_id IN $ids AND c.weight >= $threshold
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
