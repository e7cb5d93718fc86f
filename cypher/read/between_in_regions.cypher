// name: between_in_regions
// summary: Connections from one set of neurons to another, in some regions.
// mode: read
// param pre_ids: list[int] -- presynaptic root ids
// param post_ids: list[int] -- postsynaptic root ids
// param regions: list[string] -- names of regions
// column pre: int -- presynaptic root id
// column post: int -- postsynaptic root id
// column region: string -- region of the synapses
// column weight: int -- number of synapses from pre to post in this region
// order: pre, post, region

MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron)
USING INDEX SEEK a:Neuron(root_id)
WHERE a.root_id IN $pre_ids AND b.root_id IN $post_ids AND c.region IN $regions
RETURN a.root_id AS pre, b.root_id AS post, c.region AS region, c.weight AS weight
