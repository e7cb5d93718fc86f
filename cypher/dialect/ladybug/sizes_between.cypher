// The engine would read every connection for a list of ids: the hint makes it start at the ids.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id IN $pre_ids AND b.root_id IN $post_ids
HINT (a JOIN c) JOIN b
RETURN a.root_id AS pre, b.root_id AS post, c.size_sum AS size_sum
