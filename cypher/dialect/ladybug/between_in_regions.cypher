// The hint makes the engine start at the ids, not at every connection.

MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron)
WHERE a.root_id IN $pre_ids AND b.root_id IN $post_ids AND c.region IN $regions
HINT (a JOIN c) JOIN b
RETURN a.root_id AS pre, b.root_id AS post, c.region AS region, c.weight AS weight
