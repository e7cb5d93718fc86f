// The hint makes the engine start at the ids, not at every connection.

MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron)
WHERE b.root_id IN $ids AND c.region IN $regions
HINT (b JOIN c) JOIN a
RETURN a.root_id AS pre, b.root_id AS post, c.region AS region, c.weight AS weight
