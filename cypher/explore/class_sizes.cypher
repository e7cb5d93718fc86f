// name: class_sizes
// summary: How many neurons each cell class has, and how many have no annotation.
// mode: read
// engine: neo4j
// column cell_class: string -- the class; Unknown for none
// column neurons: int -- its neurons
// column in_synapses: int -- synapses onto them
// column out_synapses: int -- synapses that they make
// order: neurons DESC, cell_class
//
// Change: n.cell_class to another field, such as n.super_class or n.side.

MATCH (n:Neuron)
RETURN coalesce(n.cell_class, 'Unknown') AS cell_class, count(*) AS neurons,
       sum(n.in_synapses) AS in_synapses, sum(n.out_synapses) AS out_synapses
ORDER BY neurons DESC, cell_class
