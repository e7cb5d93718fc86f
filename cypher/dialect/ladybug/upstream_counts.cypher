// The engine would read every connection for a list of ids: the hint makes it start at the ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE b.root_id IN $ids AND c.weight >= $threshold
HINT (b JOIN c) JOIN a
RETURN b.root_id AS root_id, count(*) AS partners, sum(c.weight) AS synapses
