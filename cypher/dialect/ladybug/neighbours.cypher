// The engine would read every connection for a list of ids: the hint makes it start at the ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id IN $ids AND c.weight >= $threshold
HINT (a JOIN c) JOIN b
RETURN DISTINCT b.root_id AS root_id
UNION
MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE b.root_id IN $ids AND c.weight >= $threshold
HINT (b JOIN c) JOIN a
RETURN DISTINCT a.root_id AS root_id
