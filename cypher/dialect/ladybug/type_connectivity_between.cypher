// The engine would read every connection for a list of ids: the hint makes it start at the ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id IN $pre_ids AND b.root_id IN $post_ids AND c.weight >= $threshold
HINT (a JOIN c) JOIN b
RETURN a.`cell_class` AS pre_type, b.`cell_class` AS post_type,
       count(*) AS connections, sum(c.weight) AS synapses
