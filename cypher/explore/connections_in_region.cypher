// name: connections_in_region
// summary: The strongest connections in one region.
// mode: read
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column weight: int -- synapses in the region
// order: weight DESC, pre, post
//
// Change in the first line: region -- its name, as in the region table. 5 -- the smallest weight
// that counts. Only for a graph with regions.

WITH 'AL_L' AS region, 5 AS least
MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron)
WHERE c.region = region AND c.weight >= least
RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight
ORDER BY weight DESC, pre, post
LIMIT 50
