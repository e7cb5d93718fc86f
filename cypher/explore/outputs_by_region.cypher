// name: outputs_by_region
// summary: Where one neuron makes its synapses, by region.
// mode: read
// column region: string -- name of the region; unassigned for synapses without one
// column partners: int -- downstream partners there
// column synapses: int -- synapses made there
// order: synapses DESC, region
//
// Change in the first line: root_id -- the neuron, as a whole number; e.g. 576460752732847432.
// Only for a graph with regions.

WITH 576460752732847432 AS root_id
MATCH (n:Neuron)-[c:CONNECTS_IN]->(m:Neuron)
WHERE n.root_id = root_id
RETURN c.region AS region, count(*) AS partners, sum(c.weight) AS synapses
ORDER BY synapses DESC, region
LIMIT 200
