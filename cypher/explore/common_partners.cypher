// name: common_partners
// summary: The partners that several neurons have in common, upstream and downstream.
// mode: read
// column direction: string -- upstream: the partner drives them; downstream: they drive it
// column partner: int -- the partner's root id
// column cell_class: string -- its class
// column shared_by: int -- number of the neurons that it is a partner of
// column weight: int -- synapses with all of them
// order: direction DESC, shared_by DESC, weight DESC, partner
//
// Change: root_ids in both halves -- the neurons; and 2 -- the fewest neurons it must be a partner of, in both.

WITH [576460752732847432, 576460752790365406] AS root_ids
MATCH (n:Neuron)<-[c:CONNECTS]-(m:Neuron)
WHERE n.root_id IN root_ids AND c.weight >= 1
WITH m, count(*) AS shared_by, sum(c.weight) AS weight
WHERE shared_by >= 2
RETURN 'upstream' AS direction, m.root_id AS partner, m.cell_class AS cell_class, shared_by, weight
ORDER BY shared_by DESC, weight DESC, partner
UNION ALL
WITH [576460752732847432, 576460752790365406] AS root_ids
MATCH (n:Neuron)-[c:CONNECTS]->(m:Neuron)
WHERE n.root_id IN root_ids AND c.weight >= 1
WITH m, count(*) AS shared_by, sum(c.weight) AS weight
WHERE shared_by >= 2
RETURN 'downstream' AS direction, m.root_id AS partner, m.cell_class AS cell_class, shared_by, weight
ORDER BY shared_by DESC, weight DESC, partner
