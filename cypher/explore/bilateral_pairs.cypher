// name: bilateral_pairs
// summary: Left and right neurons of one type whose downstream partners have the most types in common.
// mode: read
// engine: neo4j
// column cell_type: string -- the type of both
// column left_root_id: int -- the neuron on the left
// column right_root_id: int -- the neuron on the right
// column shared: int -- types that both drive
// column either: int -- types that one or both drive
// column similarity: float -- the first over the second (Jaccard)
// order: similarity DESC, left_root_id, right_root_id
//
// Change in the first line: cell_class; e.g. 'olfactory_projection_neuron'.

WITH 'olfactory_projection_neuron' AS cell_class
MATCH (l:Neuron {cell_class: cell_class, side: 'left'})-[:CONNECTS]->(m:Neuron)
WHERE m.cell_type IS NOT NULL
WITH cell_class, l, collect(DISTINCT m.cell_type) AS left_types
MATCH (r:Neuron {cell_class: cell_class, side: 'right', cell_type: l.cell_type})
      -[:CONNECTS]->(m:Neuron)
WHERE m.cell_type IS NOT NULL
WITH l, r, left_types, collect(DISTINCT m.cell_type) AS right_types
WITH l, r, size([t IN left_types WHERE t IN right_types]) AS shared,
     size(left_types) AS of_left, size(right_types) AS of_right
RETURN l.cell_type AS cell_type, l.root_id AS left_root_id, r.root_id AS right_root_id, shared,
       of_left + of_right - shared AS either,
       round(toFloat(shared) / (of_left + of_right - shared), 3) AS similarity
ORDER BY similarity DESC, left_root_id, right_root_id
LIMIT 50
