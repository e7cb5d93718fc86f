// name: connections_spread
// summary: One number for all weights of connections, the same for equal weights split over regions.
// mode: read
// param first: int -- smallest root id of the presynaptic neurons
// param last: int -- largest root id, inclusive
// column spread: int -- sum of weights, each times a number of its pair, modulo a prime

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id >= $first AND a.root_id <= $last
WITH c.weight AS weight,
     ((a.root_id % 1073741789) * 536870923 + a.root_id / 1073741789
      + (b.root_id % 1073741789) * 402653189 + b.root_id / 1073741789) % 1073741789 AS x
WITH weight, ((x * x) % 1073741789 * x) % 1073741789 AS pair
RETURN coalesce(sum((pair * (weight % 1073741789)) % 1073741789), 0) % 1073741789 AS spread
