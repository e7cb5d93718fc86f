// name: drop_connections
// summary: Delete all connections, in separate transactions.
// mode: write
// engine: neo4j

MATCH (:Neuron)-[c:CONNECTS]->(:Neuron)
CALL (c) { DELETE c } IN TRANSACTIONS OF 20000 ROWS
