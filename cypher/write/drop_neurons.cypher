// name: drop_neurons
// summary: Delete a batch of neurons; connections go first.
// mode: write
// engine: neo4j
// column gone: int -- how many; 0 where none are left

MATCH (n:Neuron)
WITH n LIMIT 10000
DETACH DELETE n
RETURN count(*) AS gone
