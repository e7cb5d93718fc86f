// On small graphs the engine would start at the other end: the hint makes it start at the id.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE b.root_id = $id AND c.weight >= $threshold
HINT (b JOIN c) JOIN a
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
