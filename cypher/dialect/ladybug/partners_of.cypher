// One look-up per id in the key index; a list in WHERE would be compared with every neuron.

UNWIND $ids AS id
MATCH (n:Neuron)
WHERE n.root_id = id
RETURN DISTINCT n.root_id AS root_id, n.in_partners AS in_partners, n.in_synapses AS in_synapses,
       n.out_partners AS out_partners, n.out_synapses AS out_synapses
