// name: most_autapses
// summary: The neurons with most synapses onto themselves: often a merge error to be proofread.
// mode: read
// engine: neo4j
// column root_id: int -- the neuron
// column display_name: string -- what it is called in pictures
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
