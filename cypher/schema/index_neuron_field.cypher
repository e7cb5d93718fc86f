// name: index_neuron_field
// summary: Neurons are found by a field of theirs.
// mode: write
// param name: string -- the index's name
// property: cell_class -- the field

CREATE INDEX $name IF NOT EXISTS
FOR (n:Neuron) ON (n.`cell_class`)
