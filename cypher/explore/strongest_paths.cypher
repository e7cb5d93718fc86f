// name: strongest_paths
// summary: The paths of at most three connections whose weakest connection is strongest.
// mode: read
// column weakest: int -- the smallest weight on the path, which is the path's strength
// column hops: int -- connections on the path
// column root_ids: list[int] -- the neurons, from end to end
// column weights: list[int] -- the weights on the path
// order: weakest DESC, hops
//
// Change in the first line: source, target -- root ids; least -- smallest weight of each connection:
// a larger one is faster. 3 is the longest path, 10 how many are shown.

WITH 576460752702328878 AS source, 576460752732847432 AS target, 5 AS least
MATCH path = (a:Neuron {root_id: source})-[:CONNECTS*1..3]->(b:Neuron {root_id: target})
WHERE all(c IN relationships(path) WHERE c.weight >= least)
WITH [n IN nodes(path) | n.root_id] AS root_ids, [c IN relationships(path) | c.weight] AS weights
WHERE all(i IN range(0, size(root_ids) - 1) WHERE NOT root_ids[i] IN root_ids[i + 1..])
RETURN reduce(w = weights[0], v IN weights | CASE WHEN v < w THEN v ELSE w END) AS weakest,
       size(weights) AS hops, root_ids, weights
ORDER BY weakest DESC, hops, root_ids
LIMIT 10
