// name: hubs
// summary: The neurons with the most partners.
// mode: read
// engine: neo4j
// column root_id: int -- the neuron
// column display_name: string -- its caption in pictures
// column cell_class: string -- its class
// column in_partners: int -- number of upstream partners
// column out_partners: int -- number of downstream partners
// column in_synapses: int -- synapses onto it
// column out_synapses: int -- synapses that it makes
//
// Nothing to change.

MATCH (n:Neuron)
RETURN n.root_id AS root_id, n.display_name AS display_name, n.cell_class AS cell_class,
       n.in_partners AS in_partners, n.out_partners AS out_partners,
       n.in_synapses AS in_synapses, n.out_synapses AS out_synapses
ORDER BY in_partners + out_partners DESC, root_id
LIMIT 25
