// name: neurons_checksum
// summary: Number of neurons, sums of their totals, and fingerprints that do not depend on order.
// mode: read
// column neurons: int -- number of neurons
// column in_synapses: int -- sum over neurons
// column out_synapses: int -- sum over neurons
// column in_partners: int -- sum over neurons
// column out_partners: int -- sum over neurons
// column autapses: int -- sum over neurons
// column roots: int -- fingerprint of the root ids
// column totals: int -- fingerprint of the totals of each

MATCH (n:Neuron)
WITH n, n.root_id % 1073741789 + 1 AS root,
     (n.in_synapses + 3 * n.out_synapses + 5 * n.in_partners + 7 * n.out_partners
      + 11 * n.autapses) % 1073741783 AS mixed
RETURN count(*) AS neurons,
       coalesce(sum(n.in_synapses), 0) AS in_synapses,
       coalesce(sum(n.out_synapses), 0) AS out_synapses,
       coalesce(sum(n.in_partners), 0) AS in_partners,
       coalesce(sum(n.out_partners), 0) AS out_partners,
       coalesce(sum(n.autapses), 0) AS autapses,
       coalesce(sum(root), 0) AS roots,
       coalesce(sum((root * (mixed + 1)) % 1073741789), 0) AS totals
