// name: similar_neurons
// summary: The neurons whose outputs are most similar to one neuron's: cosine of the weights, 0 to 1.
// mode: read
// column neuron: int -- the other neuron's root id
// column cell_class: string -- its class
// column shared: int -- partners downstream of both
// column similarity: float -- 1: the same partners in the same proportions
// order: similarity DESC, neuron
//
// Change: root_id in the first line -- the neuron, as a whole number; e.g. 576460752732847432. Turn the
// four arrows around for inputs.

WITH 576460752732847432 AS root_id
MATCH (n:Neuron {root_id: root_id})-[x:CONNECTS]->(m:Neuron)<-[y:CONNECTS]-(o:Neuron)
WHERE o.root_id <> root_id
WITH root_id, o, count(*) AS shared, sum(x.weight * y.weight) AS product
MATCH (n:Neuron {root_id: root_id})-[x:CONNECTS]->(:Neuron)
WITH o, shared, product, sum(x.weight * x.weight) AS own
MATCH (o)-[y:CONNECTS]->(:Neuron)
WITH o, shared, product, own, sum(y.weight * y.weight) AS others
RETURN o.root_id AS neuron, o.cell_class AS cell_class, shared,
       product / (sqrt(1.0 * own) * sqrt(1.0 * others)) AS similarity
ORDER BY similarity DESC, neuron
LIMIT 25
