// name: connections_checksum
// summary: Number of connections, their sums, and fingerprints that do not depend on order.
// mode: read
// column connections: int -- number of connections
// column weight_sum: int -- sum of weights
// column size_sum: int -- sum of sizes
// column pairs: int -- fingerprint of which neurons are connected
// column weights: int -- fingerprint of the weights
// column sizes: int -- fingerprint of the sizes
// column self_connections: int -- connections of a neuron with itself; 0 in a sound graph

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WITH c.weight AS weight, c.size_sum AS size_sum,
     CASE WHEN a.root_id = b.root_id THEN 1 ELSE 0 END AS is_loop,
     ((a.root_id % 1073741789 + 1) * (b.root_id % 1073741783 + 1)) % 1073741789 AS pair
RETURN count(*) AS connections,
       coalesce(sum(weight), 0) AS weight_sum,
       coalesce(sum(size_sum), 0) AS size_sum,
       coalesce(sum(pair), 0) AS pairs,
       coalesce(sum((pair * (weight % 1073741783)) % 1073741789), 0) AS weights,
       coalesce(sum((pair * (size_sum % 1073741783)) % 1073741789), 0) AS sizes,
       coalesce(sum(is_loop), 0) AS self_connections
