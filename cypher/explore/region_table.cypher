// name: region_table
// summary: Regions of the brain, with their connections and synapses.
// mode: read
// column region: string -- name of the region; unassigned for synapses without one
// column connections: int -- pairs of neurons with synapses there
// column synapses: int -- their synapses there
// order: synapses DESC, region
//
// Nothing to change. Only for a graph with regions.

MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron)
RETURN c.region AS region, count(*) AS connections, sum(c.weight) AS synapses
ORDER BY synapses DESC, region
LIMIT 200
