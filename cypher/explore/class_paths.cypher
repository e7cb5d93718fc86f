// name: class_paths
// summary: Picture: paths from one class to another through one neuron, the strongest first.
// mode: read
// engine: neo4j
// column path: any -- three neurons and two connections
//
// Change in the first line: first, last -- classes; least -- smallest weight of each connection.
// A path is as strong as its weaker connection.

WITH 'ER' AS first, 'PBt' AS last, 5 AS least
MATCH path = (:Neuron {cell_class: first})-[a:CONNECTS]->(m:Neuron)
             -[b:CONNECTS]->(:Neuron {cell_class: last})
WHERE a.weight >= least AND b.weight >= least
RETURN path
ORDER BY CASE WHEN a.weight < b.weight THEN a.weight ELSE b.weight END DESC, a.weight + b.weight DESC
LIMIT 15
