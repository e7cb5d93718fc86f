// name: index_neuron_text
// summary: Find neurons by any word in their text fields, best match first.
// mode: write
// property: display_name -- the fields

CREATE FULLTEXT INDEX cavegraph_neuron_text IF NOT EXISTS
FOR (n:Neuron) ON EACH [n.`display_name`]
