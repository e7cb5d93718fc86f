// name: sizes_between
// summary: Summed synapse sizes of the connections from one set of neurons to another.
// mode: read
// param pre_ids: list[int] -- presynaptic root ids
// param post_ids: list[int] -- postsynaptic root ids
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column size_sum: int -- sum of the sizes of the synapses from pre to post
// order: pre, post

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id IN $pre_ids AND b.root_id IN $post_ids
RETURN a.root_id AS pre, b.root_id AS post, c.size_sum AS size_sum
