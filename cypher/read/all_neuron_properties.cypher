// name: all_neuron_properties
// summary: The properties of every neuron.
// mode: read
// column root_id: int -- root id
// order: root_id
// properties: n -- the properties asked for follow here, one column each

MATCH (n:Neuron)
RETURN n.root_id AS root_id /* properties */
