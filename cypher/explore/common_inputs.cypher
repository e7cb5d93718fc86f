// name: common_inputs
// summary: The neurons that drive both of two neurons.
// mode: read
// engine: neo4j
// column partner: int -- the shared partner's root id
// column display_name: string -- its caption in pictures
// column cell_class: string -- its class
// column weight_first: int -- synapses with the first neuron
// column weight_second: int -- synapses with the second one
// column smaller: int -- the smaller of the two
// order: smaller DESC, partner
//
// Change in the first line: first, second -- root ids; e.g. 576460752732847432, 576460752790365406.

WITH 576460752732847432 AS first, 576460752790365406 AS second
MATCH (a:Neuron {root_id: first})<-[x:CONNECTS]-(m:Neuron)-[y:CONNECTS]->(b:Neuron {root_id: second})
RETURN m.root_id AS partner, m.display_name AS display_name, m.cell_class AS cell_class,
       x.weight AS weight_first, y.weight AS weight_second,
       CASE WHEN x.weight < y.weight THEN x.weight ELSE y.weight END AS smaller
ORDER BY smaller DESC, partner
LIMIT 50
