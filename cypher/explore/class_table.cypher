// name: class_table
// summary: Synapses from each class to each class.
// mode: read
// engine: neo4j
// column pre_class: string -- the presynaptic class
// column post_class: string -- the postsynaptic class
// column connections: int -- pairs of neurons
// column synapses: int -- sum of their weights
// order: synapses DESC, pre_class, post_class
//
// Change: 5 -- the smallest weight that counts; cell_class to cell_type or another field.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.cell_class IS NOT NULL AND b.cell_class IS NOT NULL AND c.weight >= 5
RETURN a.cell_class AS pre_class, b.cell_class AS post_class,
       count(*) AS connections, sum(c.weight) AS synapses
ORDER BY synapses DESC, pre_class, post_class
LIMIT 200
