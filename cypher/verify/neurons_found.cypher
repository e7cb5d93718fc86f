// name: neurons_found
// summary: How many of the given root ids are found by the index, each as itself.
// mode: read
// param ids: list[int] -- root ids, each once
// column found: int -- all of them in a sound graph

UNWIND $ids AS id
MATCH (n:Neuron {root_id: id})
RETURN coalesce(sum(CASE WHEN n.root_id = id THEN 1 ELSE 0 END), 0) AS found
