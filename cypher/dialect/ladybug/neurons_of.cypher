// One look-up per id in the key index; a list in WHERE would be compared with every neuron.

UNWIND $ids AS id
MATCH (n:Neuron)
WHERE n.root_id = id
RETURN n.root_id AS root_id /* properties */
