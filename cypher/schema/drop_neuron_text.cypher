// name: drop_neuron_text
// summary: Drop the full-text index of neurons, which may cover the fields of an older graph.
// mode: write

DROP INDEX cavegraph_neuron_text IF EXISTS
