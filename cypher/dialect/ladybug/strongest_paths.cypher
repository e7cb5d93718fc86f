// Other syntax for conditions inside a path, and for lists; ACYCLIC lets a path through its ends twice.
// The engine cannot sort by lists, but it can sort by their text.

WITH 576460752702328878 AS source, 576460752732847432 AS target
MATCH path = (a:Neuron {root_id: source})-[:CONNECTS* ACYCLIC 1..3 (c, n | WHERE c.weight >= 5)]->
             (b:Neuron {root_id: target})
WITH properties(nodes(path), 'root_id') AS root_ids, properties(rels(path), 'weight') AS weights
WHERE size(list_distinct(root_ids)) = size(root_ids)
RETURN list_sort(weights)[1] AS weakest, size(weights) AS hops, root_ids, weights
ORDER BY weakest DESC, hops, list_to_string(' ', root_ids)
LIMIT 10
