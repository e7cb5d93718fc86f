// name: class_paths_picture
// summary: Picture: the same paths between two classes, coloured by class, with strong connections wide.
// mode: read
// engine: neo4j
// column pre: any -- the presynaptic neuron, drawn
// column post: any -- the postsynaptic neuron, drawn
// column connection: any -- the connection, drawn
//
// A drawing: neurons coloured by class, connections as wide as they are strong (by the style
// file), root ids as text. Needs APOC core. The drawing cannot be expanded; for that, use neighbourhood.
//
// Change in the first line: first, last -- classes; least -- smallest weight of each connection.

WITH 'ER' AS first, 'PBt' AS last, 5 AS least
MATCH (:Neuron {cell_class: first})-[a:CONNECTS]->(m:Neuron)
      -[b:CONNECTS]->(:Neuron {cell_class: last})
WHERE a.weight >= least AND b.weight >= least
WITH a, b
ORDER BY CASE WHEN a.weight < b.weight THEN a.weight ELSE b.weight END DESC, a.weight + b.weight DESC
LIMIT 10
UNWIND [a, b] AS c
WITH collect(DISTINCT c) AS connections
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
