// The engine would read every connection for a list of ids: the hint makes it start at the ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id IN $ids AND c.weight >= $threshold
HINT (a JOIN c) JOIN b
RETURN a.root_id AS root_id, count(*) AS partners, sum(c.weight) AS synapses
