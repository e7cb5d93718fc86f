// The engine would read every connection for a list of ids: the hint makes it start at the ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE b.root_id IN $ids AND c.weight >= $threshold
HINT (b JOIN c) JOIN a
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
