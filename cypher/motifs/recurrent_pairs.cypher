// name: recurrent_pairs
// summary: Recurrent pairs: two neurons that connect to each other.
// mode: read
// param threshold: int -- smallest weight of each connection, in synapses
// column a: int -- the smaller root id of the two
// column b: int -- the larger one
// column weight_a_b: int -- synapses from a to b
// column weight_b_a: int -- synapses from b to a
// order: a, b
//
// The two roles are the same, so a pair would be found twice; the order of ids keeps one.
// In Neo4j Browser, first:  :param threshold => 5

MATCH (n0:Neuron)-[e0:CONNECTS]->(n1:Neuron)
WHERE e0.weight >= $threshold AND n0.root_id < n1.root_id
MATCH (n1)-[e1:CONNECTS]->(n0)
WHERE e1.weight >= $threshold
RETURN n0.root_id AS a, n1.root_id AS b, e0.weight AS weight_a_b, e1.weight AS weight_b_a
