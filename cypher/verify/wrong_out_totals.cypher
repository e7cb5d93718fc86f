// name: wrong_out_totals
// summary: Neurons whose output totals differ from the sums of their connections.
// mode: read
// param first: int -- smallest root id of the neurons
// param last: int -- largest root id, inclusive
// column neurons: int -- how many; 0 in a sound graph

MATCH (n:Neuron)
WHERE n.root_id >= $first AND n.root_id <= $last
OPTIONAL MATCH (n)-[c:CONNECTS]->(:Neuron)
WITH n, count(c) AS partners, coalesce(sum(c.weight), 0) AS synapses
WHERE n.out_partners <> partners OR n.out_synapses <> synapses
RETURN count(*) AS neurons
