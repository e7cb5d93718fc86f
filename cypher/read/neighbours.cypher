// name: neighbours
// summary: The neurons one hop from the given ones, in either direction.
// mode: read
// param ids: list[int] -- root ids
// param threshold: int -- smallest weight of a connection that counts, in synapses
// column root_id: int -- a neuron next to one of them; may be one of them
// order: root_id

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id IN $ids AND c.weight >= $threshold
RETURN DISTINCT b.root_id AS root_id
UNION
MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE b.root_id IN $ids AND c.weight >= $threshold
RETURN DISTINCT a.root_id AS root_id
