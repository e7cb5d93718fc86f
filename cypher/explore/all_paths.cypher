// name: all_paths
// summary: All paths of at most three connections from one neuron to another, and how many there are in all.
// mode: read
// column hops: int -- connections on the path
// column weakest: int -- the smallest weight on the path
// column root_ids: list[int] -- the neurons, from end to end
// column weights: list[int] -- the weights on the path
// column paths_in_all: int -- how many paths there are; more than there are rows if the list is truncated
//
// Change in the first line: source, target -- root ids; least -- smallest weight of each connection.
// 3 is the longest path, 200 the most rows. No neuron is visited twice.

WITH 576460752702328878 AS source, 576460752732847432 AS target, 5 AS least
MATCH path = (a:Neuron {root_id: source})-[:CONNECTS*1..3]->(b:Neuron {root_id: target})
WHERE all(c IN relationships(path) WHERE c.weight >= least)
WITH [n IN nodes(path) | n.root_id] AS root_ids, [c IN relationships(path) | c.weight] AS weights
WHERE all(i IN range(0, size(root_ids) - 1) WHERE NOT root_ids[i] IN root_ids[i + 1..])
WITH collect({root_ids: root_ids, weights: weights}) AS paths
UNWIND paths AS path
RETURN size(path.weights) AS hops,
       reduce(w = path.weights[0], v IN path.weights | CASE WHEN v < w THEN v ELSE w END) AS weakest,
       path.root_ids AS root_ids, path.weights AS weights, size(paths) AS paths_in_all
ORDER BY hops, weakest DESC, root_ids
LIMIT 200
