// name: constrain_neurons
// summary: A root id belongs to one neuron.
// mode: write

CREATE CONSTRAINT cavegraph_neuron IF NOT EXISTS
FOR (n:Neuron) REQUIRE n.root_id IS UNIQUE
