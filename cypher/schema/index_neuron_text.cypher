// name: index_neuron_text
// summary: Neurons are found by any word of their text fields, the best fit first.
// mode: write
// property: display_name -- the fields

CREATE FULLTEXT INDEX cavegraph_neuron_text IF NOT EXISTS
FOR (n:Neuron) ON EACH [n.`display_name`]
