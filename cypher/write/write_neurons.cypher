// name: write_neurons
// summary: Add neurons, each with all its properties.
// mode: write
// param rows: any -- one map a row: property name to value

UNWIND $rows AS row
CREATE (n:Neuron)
SET n = row
