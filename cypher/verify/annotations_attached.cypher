// name: annotations_attached
// summary: Annotation rows attached to the neuron with their root id.
// mode: read
// column attached: int -- rows that are attached
// column misattached: int -- those attached to another neuron; 0 in a sound graph

MATCH (a:Annotation)-[:ANNOTATES]->(n:Neuron)
RETURN count(*) AS attached,
       coalesce(sum(CASE WHEN a.root_id = n.root_id THEN 0 ELSE 1 END), 0) AS misattached
