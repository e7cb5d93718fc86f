// name: drop_neurons
// summary: Delete all neurons, in separate transactions, after their connections.
// mode: write
// engine: neo4j

MATCH (n:Neuron)
CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS
