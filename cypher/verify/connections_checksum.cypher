// name: connections_checksum
// summary: Number of connections, their sums, and fingerprints that do not depend on order.
// mode: read
// param first: int -- smallest root id of the presynaptic neurons
// param last: int -- largest root id, inclusive
// column connections: int -- number of connections
// column weight_sum: int -- sum of weights
// column size_sum: int -- sum of sizes
// column pairs: int -- fingerprint of which neuron is connected with which, and of the direction
// column weights: int -- fingerprint of pairs and weights
// column sizes: int -- fingerprint of pairs and sizes
// column self_connections: int -- connections of a neuron with itself; 0 in a sound graph

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id >= $first AND a.root_id <= $last
WITH a.root_id AS pre, b.root_id AS post, c.weight AS weight, c.size_sum AS size_sum
WITH weight, size_sum, CASE WHEN pre = post THEN 1 ELSE 0 END AS is_loop,
     ((pre % 1073741789) * 536870923 + pre / 1073741789
      + (post % 1073741789) * 402653189 + post / 1073741789) % 1073741789 AS x
WITH weight, size_sum, is_loop, ((x * x) % 1073741789 * x) % 1073741789 AS pair
WITH weight, size_sum, is_loop, pair,
     (pair * 536870923 + weight % 1073741783) % 1073741789 AS y,
     (pair * 402653189 + size_sum % 1073741783) % 1073741789 AS z
RETURN count(*) AS connections,
       coalesce(sum(weight), 0) AS weight_sum,
       coalesce(sum(size_sum), 0) AS size_sum,
       coalesce(sum(pair), 0) AS pairs,
       coalesce(sum(((y * y) % 1073741789 * y) % 1073741789), 0) AS weights,
       coalesce(sum(((z * z) % 1073741789 * z) % 1073741789), 0) AS sizes,
       coalesce(sum(is_loop), 0) AS self_connections
