// name: strongest_inputs
// summary: One neuron's strongest inputs, each with its share of all synapses onto it.
// mode: read
// engine: neo4j
// column partner: int -- the partner's root id
// column display_name: string -- its caption in pictures
// column cell_class: string -- its class
// column weight: int -- synapses
// column percent: float -- of all synapses onto the neuron, without autapses
// order: weight DESC, partner
//
// Change in the first line: root_id -- the neuron, as a whole number; e.g. 576460752732847432.

WITH 576460752732847432 AS root_id
MATCH (n:Neuron {root_id: root_id})<-[c:CONNECTS]-(m:Neuron)
RETURN m.root_id AS partner, m.display_name AS display_name, m.cell_class AS cell_class,
       c.weight AS weight, round(100.0 * c.weight / n.in_synapses, 2) AS percent
ORDER BY weight DESC, partner
LIMIT 25
