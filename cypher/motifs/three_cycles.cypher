// name: three_cycles
// summary: Three-cycles: a to b to c and back to a.
// mode: read
// param threshold: int -- smallest weight of each connection, in synapses
// column a: int -- the smallest root id of the three
// column b: int -- root id of the neuron that a connects to
// column c: int -- root id of the neuron that b connects to
// column weight_a_b: int -- synapses from a to b
// column weight_b_c: int -- synapses from b to c
// column weight_c_a: int -- synapses from c to a
// order: a, b, c
//
// A cycle can be read from any of its three neurons, but not backwards: only the start is
// fixed, at the smallest id. Ordering all three ids would lose half of all cycles.
// In Neo4j Browser, first:  :param threshold => 10

MATCH (n0:Neuron)-[e0:CONNECTS]->(n1:Neuron)
WHERE e0.weight >= $threshold AND n0.root_id < n1.root_id
MATCH (n1)-[e1:CONNECTS]->(n2:Neuron)
WHERE e1.weight >= $threshold AND n0.root_id < n2.root_id
MATCH (n2)-[e2:CONNECTS]->(n0)
WHERE e2.weight >= $threshold
RETURN n0.root_id AS a, n1.root_id AS b, n2.root_id AS c,
       e0.weight AS weight_a_b, e1.weight AS weight_b_c, e2.weight AS weight_c_a
