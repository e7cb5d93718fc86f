// name: between
// summary: Connections from one set of neurons to another.
// mode: read
// param pre_ids: list[int] -- presynaptic root ids
// param post_ids: list[int] -- postsynaptic root ids
// param threshold: int -- smallest weight kept, in synapses
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- number of synapses from pre to post
// order: weight DESC, pre, post

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id IN $pre_ids AND b.root_id IN $post_ids AND c.weight >= $threshold
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
