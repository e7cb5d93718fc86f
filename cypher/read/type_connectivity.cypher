// name: type_connectivity
// summary: Connections and synapses from every type of neuron to every type, over the whole graph.
// mode: read
// param threshold: int -- smallest weight of a connection that counts, in synapses
// property: cell_class -- the neuron property that holds the type
// column pre_type: string -- type of the presynaptic neurons; null for neurons without one
// column post_type: string -- type of the postsynaptic neurons; null for neurons without one
// column connections: int -- number of connections between them
// column synapses: int -- number of synapses in these connections
// order: pre_type, post_type

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE c.weight >= $threshold
RETURN a.`cell_class` AS pre_type, b.`cell_class` AS post_type,
       count(*) AS connections, sum(c.weight) AS synapses
