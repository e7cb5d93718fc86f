// name: totals_of
// summary: All input and output synapses of the given neurons, whatever the partner.
// mode: read
// param ids: list[int] -- root ids
// column root_id: int -- root id
// column in_synapses: int -- synapses onto the neuron, autapses not counted
// column out_synapses: int -- synapses from the neuron, autapses not counted
// order: root_id

MATCH (n:Neuron)
USING INDEX SEEK n:Neuron(root_id)
WHERE n.root_id IN $ids
RETURN n.root_id AS root_id, n.in_synapses AS in_synapses, n.out_synapses AS out_synapses
