// name: lateral_inhibition
// summary: The shape of lateral inhibition: a neuron acts on a parallel one through an interneuron.
// mode: read
// param threshold: int -- smallest weight of each connection, in synapses
// column a: int -- root id of the neuron that drives the interneuron
// column b: int -- root id of the interneuron
// column c: int -- root id of the neuron that the interneuron acts on
// column weight_a_b: int -- synapses from a to b
// column weight_b_c: int -- synapses from b to c
// order: a, b, c
//
// A graph of synapse counts has no signs: this finds a -> b -> c where a and c, the parallel
// neurons, are not connected to each other either way. b may answer a (feedback) and c may
// drive b (the same in the other direction). If the annotations name transmitters, add
// for example  AND n1.nt = 'gaba'  to the first WHERE.
// In Neo4j Browser, first:  :param threshold => 20

MATCH (n0:Neuron)-[e0:CONNECTS]->(n1:Neuron)
WHERE e0.weight >= $threshold
MATCH (n1)-[e1:CONNECTS]->(n2:Neuron)
WHERE e1.weight >= $threshold AND n0.root_id <> n2.root_id
  AND NOT EXISTS { MATCH (n0)-[x0:CONNECTS]->(n2) }
  AND NOT EXISTS { MATCH (n2)-[x1:CONNECTS]->(n0) }
RETURN n0.root_id AS a, n1.root_id AS b, n2.root_id AS c,
       e0.weight AS weight_a_b, e1.weight AS weight_b_c
