// name: annotations_of_neuron
// summary: Picture: one neuron with all its annotation rows.
// mode: read
// engine: neo4j
// column path: any -- one row and its neuron
//
// Change in the first line: root_id -- the neuron, as a whole number; e.g. 576460752732847432.

WITH 576460752732847432 AS root_id
MATCH path = (:Annotation)-[:ANNOTATES]->(:Neuron {root_id: root_id})
RETURN path
