// The engine would read every connection for a range of ids: the hint makes it start at the ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id >= $first AND a.root_id <= $last AND c.weight >= $threshold
HINT (a JOIN c) JOIN b
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
