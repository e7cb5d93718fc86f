// name: type_sizes
// summary: Number of neurons of every type.
// mode: read
// property: cell_class -- the neuron property that holds the type
// column type: string -- the type; null for neurons without one
// column neurons: int -- number of neurons
// order: type

MATCH (n:Neuron)
RETURN n.`cell_class` AS type, count(*) AS neurons
