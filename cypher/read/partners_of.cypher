// name: partners_of
// summary: All partners and synapses of the given neurons, each way, as summed at the load.
// mode: read
// param ids: list[int] -- root ids, each once
// column root_id: int -- root id
// column in_partners: int -- number of upstream partners
// column in_synapses: int -- synapses from them
// column out_partners: int -- number of downstream partners
// column out_synapses: int -- synapses onto them
// order: root_id

MATCH (n:Neuron)
USING INDEX SEEK n:Neuron(root_id)
WHERE n.root_id IN $ids
RETURN n.root_id AS root_id, n.in_partners AS in_partners, n.in_synapses AS in_synapses,
       n.out_partners AS out_partners, n.out_synapses AS out_synapses
