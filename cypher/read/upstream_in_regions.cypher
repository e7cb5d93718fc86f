// name: upstream_in_regions
// summary: Connections onto the given neurons in some regions.
// mode: read
// param ids: list[int] -- postsynaptic root ids
// param regions: list[string] -- names of regions
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column region: string -- region of the synapses
// column weight: int -- number of synapses from pre to post in this region
// order: pre, post, region

MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron)
USING INDEX SEEK b:Neuron(root_id)
WHERE b.root_id IN $ids AND c.region IN $regions
RETURN a.root_id AS pre, b.root_id AS post, c.region AS region, c.weight AS weight
