// name: annotations_by_neuron
// summary: Annotation rows counted from the neurons that they are attached to.
// mode: read
// column attached: int -- rows that are attached; as many as `annotations_attached` says

MATCH (n:Neuron)
OPTIONAL MATCH (a:Annotation)-[:ANNOTATES]->(n)
WITH n, count(a) AS attached
RETURN coalesce(sum(attached), 0) AS attached
