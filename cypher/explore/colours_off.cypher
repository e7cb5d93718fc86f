// name: colours_off
// summary: Take the labels of colours_on away again.
// mode: write
// engine: neo4j
// column neurons: int -- neurons that had one
//
// Takes every label of neurons away but :Neuron itself. Nothing to change.

MATCH (n:Neuron)
WITH n, [label IN labels(n) WHERE label <> 'Neuron'] AS others
WHERE size(others) > 0
REMOVE n:$(others)
RETURN count(*) AS neurons
