// name: index_neuron_field
// summary: Neurons are found by a field of theirs.
// mode: write
// property: cell_class -- the field

CREATE INDEX IF NOT EXISTS
FOR (n:Neuron) ON (n.`cell_class`)
