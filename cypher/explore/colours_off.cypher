// name: colours_off
// summary: Remove the labels that colours_on added.
// mode: write
// engine: neo4j
// column neurons: int -- neurons that had one
//
// Removes every label of neurons except :Neuron. Nothing to change.

MATCH (n:Neuron)
WITH n, [label IN labels(n) WHERE label <> 'Neuron'] AS others
WHERE size(others) > 0
REMOVE n:$(others)
RETURN count(*) AS neurons
