// name: neurons_of
// summary: The properties of the given neurons.
// mode: read
// param ids: list[int] -- root ids
// column root_id: int -- root id
// order: root_id
// properties: n -- the properties asked for follow here, one column each

MATCH (n:Neuron)
USING INDEX SEEK n:Neuron(root_id)
WHERE n.root_id IN $ids
RETURN n.root_id AS root_id /* properties */
