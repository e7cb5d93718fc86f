// name: strongest_connections
// summary: Picture: the strongest connections of the whole graph.
// mode: read
// engine: neo4j
// column pre: any -- the presynaptic neuron, drawn
// column post: any -- the postsynaptic neuron, drawn
// column connection: any -- the connection, drawn
//
// A drawing: neurons coloured by class, connections as wide as they are strong (by the style
// file), root ids as text. Needs APOC core. The drawing cannot be expanded; for that, use neighbourhood.
//
// Change: the number after LIMIT -- how many.

MATCH ()-[c:CONNECTS]->()
WITH c ORDER BY c.weight DESC, startNode(c).root_id, endNode(c).root_id LIMIT 40
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
