// name: feed_forward_loops
// summary: Feed-forward loops: a drives c directly and through b.
// mode: read
// param threshold: int -- smallest weight of each connection, in synapses
// column a: int -- root id of the source
// column b: int -- root id of the neuron in between
// column c: int -- root id of the target
// column weight_a_b: int -- synapses from a to b
// column weight_b_c: int -- synapses from b to c
// column weight_a_c: int -- synapses from a to c
// order: a, b, c
//
// Three roles, no symmetry: each loop is found once. Other connections among the three may
// exist. In Neo4j Browser, first:  :param threshold => 10

MATCH (n0:Neuron)-[e0:CONNECTS]->(n1:Neuron)
WHERE e0.weight >= $threshold
MATCH (n1)-[e1:CONNECTS]->(n2:Neuron)
WHERE e1.weight >= $threshold
MATCH (n0)-[e2:CONNECTS]->(n2)
WHERE e2.weight >= $threshold
RETURN n0.root_id AS a, n1.root_id AS b, n2.root_id AS c,
       e0.weight AS weight_a_b, e1.weight AS weight_b_c, e2.weight AS weight_a_c
