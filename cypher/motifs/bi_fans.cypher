// name: bi_fans
// summary: Bi-fans: two neurons that both connect onto the same two.
// mode: read
// param threshold: int -- smallest weight of each connection, in synapses
// column a: int -- root id of one source, the smaller
// column b: int -- root id of the other source
// column c: int -- root id of one target, the smaller
// column d: int -- root id of the other target
// column weight_a_c: int -- synapses from a to c
// column weight_a_d: int -- synapses from a to d
// column weight_b_c: int -- synapses from b to c
// column weight_b_d: int -- synapses from b to d
// order: a, b, c, d
//
// Sources may be exchanged, and so may targets; two orders of ids keep each match once.
// In Neo4j Browser, first:  :param threshold => 20

MATCH (n0:Neuron)-[e0:CONNECTS]->(n2:Neuron)
WHERE e0.weight >= $threshold
MATCH (n0)-[e1:CONNECTS]->(n3:Neuron)
WHERE e1.weight >= $threshold AND n2.root_id < n3.root_id
MATCH (n1:Neuron)-[e2:CONNECTS]->(n2)
WHERE e2.weight >= $threshold AND n0.root_id < n1.root_id
MATCH (n1)-[e3:CONNECTS]->(n3)
WHERE e3.weight >= $threshold
RETURN n0.root_id AS a, n1.root_id AS b, n2.root_id AS c, n3.root_id AS d,
       e0.weight AS weight_a_c, e1.weight AS weight_a_d,
       e2.weight AS weight_b_c, e3.weight AS weight_b_d
