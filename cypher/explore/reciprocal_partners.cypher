// name: reciprocal_partners
// summary: The neurons that one neuron both drives and is driven by.
// mode: read
// engine: neo4j
// column partner: int -- the partner's root id
// column display_name: string -- its caption in pictures
// column cell_class: string -- its class
// column weight_out: int -- synapses onto the partner
// column weight_back: int -- synapses from the partner
//
// Change in the first line: root_id -- the neuron, as a whole number; e.g. 576460752732847432.

WITH 576460752732847432 AS root_id
MATCH (n:Neuron {root_id: root_id})-[out:CONNECTS]->(m:Neuron)-[back:CONNECTS]->(n)
RETURN m.root_id AS partner, m.display_name AS display_name, m.cell_class AS cell_class,
       out.weight AS weight_out, back.weight AS weight_back
ORDER BY weight_out + weight_back DESC, partner
LIMIT 50
