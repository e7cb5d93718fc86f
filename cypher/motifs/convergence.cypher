// name: convergence
// summary: Convergence: two neurons onto one.
// mode: read
// param threshold: int -- smallest weight of each connection, in synapses
// column a: int -- root id of one source, the smaller
// column b: int -- root id of the other source
// column c: int -- root id of the target
// column weight_a_c: int -- synapses from a to c
// column weight_b_c: int -- synapses from b to c
// order: a, b, c
//
// The two sources have the same role; the order of ids keeps each match once. A neuron with
// 1,000 inputs is the target of 499,500 of these: choose the threshold with care.
// In Neo4j Browser, first:  :param threshold => 20

MATCH (n0:Neuron)-[e0:CONNECTS]->(n2:Neuron)
WHERE e0.weight >= $threshold
MATCH (n1:Neuron)-[e1:CONNECTS]->(n2)
WHERE e1.weight >= $threshold AND n0.root_id < n1.root_id
RETURN n0.root_id AS a, n1.root_id AS b, n2.root_id AS c,
       e0.weight AS weight_a_c, e1.weight AS weight_b_c
