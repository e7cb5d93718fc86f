// name: shortest_path
// summary: Picture: the shortest path from one neuron to another.
// mode: read
// engine: neo4j
// column path: any -- the path
//
// Change in the first line: source, target -- root ids; least -- smallest weight of each connection.
// 8 is the largest number of connections tried; no row means that no such path exists.

WITH 576460752704086936 AS source, 576460752732847432 AS target, 3 AS least
MATCH (a:Neuron {root_id: source}), (b:Neuron {root_id: target})
MATCH path = shortestPath((a)-[:CONNECTS*..8]->(b))
WHERE all(c IN relationships(path) WHERE c.weight >= least)
RETURN path
