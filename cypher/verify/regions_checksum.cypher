// name: regions_checksum
// summary: Connections and weights by region, as sums and fingerprints that do not depend on order.
// mode: read
// param first: int -- smallest root id of the presynaptic neurons
// param last: int -- largest root id, inclusive
// column region: string -- name of a region
// column connections: int -- number of connections that have synapses there
// column weight_sum: int -- number of their synapses there
// column weights: int -- fingerprint of pairs and weights there
// order: region

MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron)
WHERE a.root_id >= $first AND a.root_id <= $last
WITH c.region AS region, c.weight AS weight,
     ((a.root_id % 1073741789) * 536870923 + a.root_id / 1073741789
      + (b.root_id % 1073741789) * 402653189 + b.root_id / 1073741789) % 1073741789 AS x
WITH region, weight, ((x * x) % 1073741789 * x) % 1073741789 AS pair
WITH region, weight, (pair * 536870923 + weight % 1073741783) % 1073741789 AS y
RETURN region, count(*) AS connections, coalesce(sum(weight), 0) AS weight_sum,
       coalesce(sum(((y * y) % 1073741789 * y) % 1073741789), 0) AS weights
