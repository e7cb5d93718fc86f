// name: find_nucleus
// summary: The neuron of a nucleus: a nucleus id stays the same when the root id changes.
// mode: read
// engine: neo4j
// column nucleus_id: string -- the nucleus
// column root_id: int -- its neuron at this graph's version
// column display_name: string -- its caption in pictures
// column cell_class: string -- its class
// column side: string -- left or right
// order: root_id
//
// Change in the first line: nucleus_id -- in quotes; e.g. '6445014'. Annotation files may hold it as
// text and CAVE's tables as a number: both are found.

WITH '6445014' AS nucleus_id
MATCH (n:Neuron)
WHERE n.nucleus_id IN [nucleus_id, toInteger(nucleus_id)]
RETURN toString(n.nucleus_id) AS nucleus_id, n.root_id AS root_id,
       n.display_name AS display_name, n.cell_class AS cell_class, n.side AS side
ORDER BY root_id
