// name: neighbourhood_picture
// summary: Picture: one neuron and its strongest partners, coloured by class, with strong connections wide.
// mode: read
// engine: neo4j
// column pre: any -- the presynaptic neuron, drawn
// column post: any -- the postsynaptic neuron, drawn
// column connection: any -- the connection, drawn
//
// A drawing: neurons coloured by class, connections as wide as they are strong (by the style
// file), root ids as text. Needs APOC core. The drawing cannot be expanded; for that, use neighbourhood.
//
// Change in the first line: root_id -- the neuron, as a whole number; e.g. 576460752732847432.
// The two numbers after LIMIT: partners each way.

WITH 576460752732847432 AS root_id
MATCH (n:Neuron {root_id: root_id})
CALL (n) {
    MATCH (n)-[c:CONNECTS]->(m:Neuron)
    RETURN c ORDER BY c.weight DESC, m.root_id LIMIT 12
    UNION
    MATCH (n)<-[c:CONNECTS]-(m:Neuron)
    RETURN c ORDER BY c.weight DESC, m.root_id LIMIT 12
}
WITH collect(c) AS connections
WITH connections, apoc.coll.toSet(
    [c IN connections | startNode(c)] + [c IN connections | endNode(c)]) AS neurons
UNWIND neurons AS m
WITH connections, m,
     apoc.text.replace(coalesce(m.cell_class, 'Unknown'), '[^A-Za-z0-9_]', '_') AS label
WITH connections, apoc.map.fromPairs(collect([toString(m.root_id), apoc.create.vNode(
    ['Neuron', label], m {.*, root_id: toString(m.root_id)})])) AS drawn
UNWIND connections AS c
WITH c, drawn[toString(startNode(c).root_id)] AS pre, drawn[toString(endNode(c).root_id)] AS post
RETURN pre, post, apoc.create.vRelationship(pre,
    CASE WHEN c.weight >= 50 THEN 'FROM_50' WHEN c.weight >= 20 THEN 'FROM_20'
         WHEN c.weight >= 10 THEN 'FROM_10' WHEN c.weight >= 5 THEN 'FROM_5'
         ELSE 'BELOW_5' END,
    properties(c), post) AS connection
