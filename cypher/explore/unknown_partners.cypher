// name: unknown_partners
// summary: The strongest partners of a class that nobody has annotated yet, to look at next.
// mode: read
// engine: neo4j
// column root_id: int -- the partner
// column from_class: int -- synapses from the class
// column to_class: int -- synapses onto the class
// column neurons: int -- neurons of the class that it connects with
// column synapses: int -- both ways together
// order: synapses DESC, root_id
//
// Change in the first line: cell_class; e.g. 'PBt', 'ER'.

WITH 'PBt' AS cell_class
MATCH (n:Neuron {cell_class: cell_class})-[c:CONNECTS]-(m:Neuron)
WHERE NOT EXISTS { (:Annotation)-[:ANNOTATES]->(m) }
RETURN m.root_id AS root_id, sum(CASE WHEN startNode(c) = n THEN c.weight ELSE 0 END) AS from_class,
       sum(CASE WHEN endNode(c) = n THEN c.weight ELSE 0 END) AS to_class,
       count(DISTINCT n) AS neurons, sum(c.weight) AS synapses
ORDER BY synapses DESC, root_id
LIMIT 25
