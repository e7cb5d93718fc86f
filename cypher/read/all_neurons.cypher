// name: all_neurons
// summary: The root id of every neuron of the graph.
// mode: read
// column root_id: int -- root id
// order: root_id

MATCH (n:Neuron)
RETURN n.root_id AS root_id
