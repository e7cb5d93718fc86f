// name: partner_shares
// summary: One neuron's upstream and downstream partners, each with its share of output and input.
// mode: read
// column direction: string -- upstream: the partner drives the neuron; downstream: it is driven
// column partner: int -- the partner's root id
// column cell_class: string -- its class
// column weight: int -- synapses
// column share_of_output: float -- of all synapses that the presynaptic neuron makes, 0 to 1
// column share_of_input: float -- of all synapses that the postsynaptic neuron receives, 0 to 1
// order: direction, weight DESC, partner
//
// Change: root_id in both halves -- the neuron, as a whole number; e.g. 576460752732847432.
// Shares do not count autapses.

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
