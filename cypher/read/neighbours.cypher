// name: neighbours
// summary: The neurons one hop from the given ones, in either direction.
// mode: read
// param ids: list[int] -- root ids
// param threshold: int -- smallest weight of a connection that counts, in synapses
// column root_id: int -- a neuron next to one of them; may be one of them
// order: root_id

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id IN $ids AND c.weight >= $threshold
RETURN DISTINCT b.root_id AS root_id
UNION
MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
USING INDEX SEEK b:Neuron(root_id)
WHERE b.root_id IN $ids AND c.weight >= $threshold
RETURN DISTINCT a.root_id AS root_id
