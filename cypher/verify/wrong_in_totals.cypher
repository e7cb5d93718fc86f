// name: wrong_in_totals
// summary: Neurons whose input totals differ from the sums of their connections.
// mode: read
// param first: int -- smallest root id of the neurons
// param last: int -- largest root id, inclusive
// column neurons: int -- how many; 0 in a sound graph

MATCH (n:Neuron)
WHERE n.root_id >= $first AND n.root_id <= $last
OPTIONAL MATCH (:Neuron)-[c:CONNECTS]->(n)
WITH n, count(c) AS partners, coalesce(sum(c.weight), 0) AS synapses
WHERE n.in_partners <> partners OR n.in_synapses <> synapses
RETURN count(*) AS neurons
