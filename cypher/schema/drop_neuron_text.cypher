// name: drop_neuron_text
// summary: Drop the index of neurons' words, which may be over the fields of an older graph.
// mode: write

DROP INDEX cavegraph_neuron_text IF EXISTS
