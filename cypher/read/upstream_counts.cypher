// name: upstream_counts
// summary: For each given neuron, its upstream partners and the synapses from them.
// mode: read
// param ids: list[int] -- root ids
// param threshold: int -- smallest weight of a connection that counts, in synapses
// column root_id: int -- root id; neurons with no such connection have no row
// column partners: int -- number of upstream partners
// column synapses: int -- number of synapses from them
// order: root_id

MATCH (:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK b:Neuron(root_id)
WHERE b.root_id IN $ids AND c.weight >= $threshold
RETURN b.root_id AS root_id, count(*) AS partners, sum(c.weight) AS synapses
