// name: annotation_conflicts
// summary: Neurons whose annotation rows contradict each other, field by field.
// mode: read
// engine: neo4j
// column root_id: int -- the neuron
// column field: string -- the annotation field
// column given: list[string] -- the different values of its rows
// column chosen: string -- the value that the neuron got
// order: root_id, field
//
// Change: the list of fields; each must hold single values, not lists.

UNWIND ['super_class', 'cell_class', 'cell_type', 'side', 'hemilineage', 'known_nt'] AS field
MATCH (a:Annotation)-[:ANNOTATES]->(n:Neuron)
WHERE a[field] IS NOT NULL
WITH n, field, collect(DISTINCT toString(a[field])) AS given
WHERE size(given) > 1
RETURN n.root_id AS root_id, field, given, toString(n[field]) AS chosen
ORDER BY root_id, field
LIMIT 200
