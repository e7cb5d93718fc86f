// name: partner_shares
// summary: One neuron's partners both ways, each with its share of input and output.
// mode: read
// column direction: string -- upstream: the partner drives the neuron; downstream: it is driven
// column partner: int -- the partner's root id
// column cell_class: string -- its class
// column weight: int -- synapses
// column share_of_output: float -- of all synapses that the presynaptic one of the two makes, 0 to 1
// column share_of_input: float -- of all synapses onto the postsynaptic one of the two, 0 to 1
// order: direction, weight DESC, partner
//
// Change: root_id in both halves -- the neuron, as a whole number; e.g. 576460752732847432.
// Autapses are in no share.

WITH 576460752732847432 AS root_id
MATCH (n:Neuron {root_id: root_id})-[c:CONNECTS]->(m:Neuron)
RETURN 'downstream' AS direction, m.root_id AS partner, m.cell_class AS cell_class, c.weight AS weight,
       1.0 * c.weight / n.out_synapses AS share_of_output,
       1.0 * c.weight / m.in_synapses AS share_of_input
ORDER BY weight DESC, partner
UNION ALL
WITH 576460752732847432 AS root_id
MATCH (n:Neuron {root_id: root_id})<-[c:CONNECTS]-(m:Neuron)
RETURN 'upstream' AS direction, m.root_id AS partner, m.cell_class AS cell_class, c.weight AS weight,
       1.0 * c.weight / m.out_synapses AS share_of_output,
       1.0 * c.weight / n.in_synapses AS share_of_input
ORDER BY weight DESC, partner
