// name: divergence
// summary: Divergence: one neuron onto two.
// mode: read
// param threshold: int -- smallest weight of each connection, in synapses
// column a: int -- root id of the source
// column b: int -- root id of one target, the smaller
// column c: int -- root id of the other target
// column weight_a_b: int -- synapses from a to b
// column weight_a_c: int -- synapses from a to c
// order: a, b, c
//
// The two targets have the same role; the order of ids keeps each match once. A neuron with
// 1,000 outputs is the source of 499,500 of these: choose the threshold with care.
// In Neo4j Browser, first:  :param threshold => 20

MATCH (n0:Neuron)-[e0:CONNECTS]->(n1:Neuron)
WHERE e0.weight >= $threshold
MATCH (n0)-[e1:CONNECTS]->(n2:Neuron)
WHERE e1.weight >= $threshold AND n1.root_id < n2.root_id
RETURN n0.root_id AS a, n1.root_id AS b, n2.root_id AS c,
       e0.weight AS weight_a_b, e1.weight AS weight_a_c
