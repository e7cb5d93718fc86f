// name: drop_neurons
// summary: Delete all neurons, in transactions of their own; connections go first.
// mode: write
// engine: neo4j

MATCH (n:Neuron)
CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS
