// name: upstream_of_one
// summary: Connections onto one neuron from every neuron that synapses onto it.
// mode: read
// param id: int -- postsynaptic root id
// param threshold: int -- smallest weight kept, in synapses
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- number of synapses from pre to post
// order: weight DESC, pre, post
//
// Both engines look up one id in the index; for a list, LadybugDB passes over all root ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE b.root_id = $id AND c.weight >= $threshold
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
