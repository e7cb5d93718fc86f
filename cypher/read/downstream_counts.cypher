// name: downstream_counts
// summary: For each given neuron, its downstream partners and the synapses onto them.
// mode: read
// param ids: list[int] -- root ids
// param threshold: int -- smallest weight of a connection that counts, in synapses
// column root_id: int -- root id; neurons with no such connection have no row
// column partners: int -- number of downstream partners
// column synapses: int -- number of synapses onto them
// order: root_id

MATCH (a:Neuron)-[c:CONNECTS]->(:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id IN $ids AND c.weight >= $threshold
RETURN a.root_id AS root_id, count(*) AS partners, sum(c.weight) AS synapses
