// name: transmitters_checksum
// summary: Which connections have which transmitter, as fingerprints that do not depend on order.
// mode: read
// param first: int -- smallest root id of the presynaptic neurons
// param last: int -- largest root id, inclusive
// column transmitter: string -- name of a transmitter; null for connections without one
// column connections: int -- number of connections that have it
// column pairs: int -- fingerprint of which they are
// order: transmitter

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.root_id >= $first AND a.root_id <= $last
WITH c.transmitter AS transmitter,
     ((a.root_id % 1073741789) * 536870923 + a.root_id / 1073741789
      + (b.root_id % 1073741789) * 402653189 + b.root_id / 1073741789) % 1073741789 AS x
RETURN transmitter, count(*) AS connections,
       coalesce(sum(((x * x) % 1073741789 * x) % 1073741789), 0) AS pairs
