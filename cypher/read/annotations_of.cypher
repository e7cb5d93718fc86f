// name: annotations_of
// summary: The annotation rows of the given neurons, as they came from their source.
// mode: read
// param ids: list[int] -- root ids
// column annotation_id: int -- row number within the graph
// order: annotation_id
// properties: a -- the fields asked for follow here, one column each

MATCH (a:Annotation)
WHERE a.root_id IN $ids
RETURN a.annotation_id AS annotation_id /* properties */
