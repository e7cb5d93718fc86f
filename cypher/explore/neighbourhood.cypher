// name: neighbourhood
// summary: Picture: one neuron, its strongest partners, and the connections among them.
// mode: read
// engine: neo4j
// column pre: any -- the presynaptic neuron
// column connection: any -- the connection
// column post: any -- the postsynaptic neuron
//
// Change in the first line: root_id -- the neuron, as a whole number; e.g. 576460752732847432.
// The two numbers after LIMIT: partners each way. Double-click a neuron to expand it.

WITH 576460752732847432 AS root_id
MATCH (n:Neuron {root_id: root_id})
CALL (n) {
    MATCH (n)-[c:CONNECTS]->(m:Neuron)
    RETURN m ORDER BY c.weight DESC, m.root_id LIMIT 10
    UNION
    MATCH (n)<-[c:CONNECTS]-(m:Neuron)
    RETURN m ORDER BY c.weight DESC, m.root_id LIMIT 10
}
WITH n, collect(m) AS partners
WITH [n] + partners AS neurons
UNWIND neurons AS a
MATCH (a)-[c:CONNECTS]->(b:Neuron)
WHERE b IN neurons
RETURN a AS pre, c AS connection, b AS post
