// name: most_autapses
// summary: The neurons with the most synapses onto themselves, often a sign of a merge error.
// mode: read
// engine: neo4j
// column root_id: int -- the neuron
// column display_name: string -- its caption in pictures
// column autapses: int -- synapses onto itself
// column out_synapses: int -- synapses onto others
// order: autapses DESC, root_id
//
// Nothing to change.

MATCH (n:Neuron)
WHERE n.autapses > 0
RETURN n.root_id AS root_id, n.display_name AS display_name, n.autapses AS autapses,
       n.out_synapses AS out_synapses
ORDER BY autapses DESC, root_id
LIMIT 25
