// name: downstream_of_one
// summary: Connections from one neuron to every neuron it synapses onto.
// mode: read
// param id: int -- presynaptic root id
// param threshold: int -- smallest weight kept, in synapses
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- number of synapses from pre to post
// order: weight DESC, pre, post
//
// Both engines look up one id in the index; for a list, LadybugDB passes over all root ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id = $id AND c.weight >= $threshold
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
