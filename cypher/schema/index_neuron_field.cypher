// name: index_neuron_field
// summary: Find neurons by one of their fields.
// mode: write
// param name: string -- the index's name
// property: cell_class -- the field

CREATE INDEX $name IF NOT EXISTS
FOR (n:Neuron) ON (n.`cell_class`)
