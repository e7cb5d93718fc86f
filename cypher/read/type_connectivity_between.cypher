// name: type_connectivity_between
// summary: Connections and synapses from type to type, among the given neurons.
// mode: read
// param pre_ids: list[int] -- presynaptic root ids
// param post_ids: list[int] -- postsynaptic root ids
// param threshold: int -- smallest weight of a connection that counts, in synapses
// property: cell_class -- the neuron property that holds the type
// column pre_type: string -- type of the presynaptic neurons; null for neurons without one
// column post_type: string -- type of the postsynaptic neurons; null for neurons without one
// column connections: int -- number of connections between them
// column synapses: int -- number of synapses in these connections
// order: pre_type, post_type

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id IN $pre_ids AND b.root_id IN $post_ids AND c.weight >= $threshold
RETURN a.`cell_class` AS pre_type, b.`cell_class` AS post_type,
       count(*) AS connections, sum(c.weight) AS synapses
