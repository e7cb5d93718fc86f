// name: region_sizes
// summary: Connections and synapses in each region.
// mode: read
// column region: string -- name of the region
// column connections: int -- number of connections with synapses there
// column synapses: int -- number of synapses there
// order: synapses DESC, region

MATCH (:Neuron)-[c:CONNECTS_IN]->(:Neuron)
RETURN c.region AS region, count(*) AS connections, sum(c.weight) AS synapses
