// name: known_neurons
// summary: Which of the given root ids are neurons of this graph.
// mode: read
// param ids: list[int] -- root ids
// column root_id: int -- a root id that the graph holds
// order: root_id

MATCH (n:Neuron)
USING INDEX SEEK n:Neuron(root_id)
WHERE n.root_id IN $ids
RETURN n.root_id AS root_id
