// name: all_annotations
// summary: Every annotation row.
// mode: read
// column annotation_id: int -- row number within the graph
// order: annotation_id
// properties: a -- the fields asked for follow here, one column each

MATCH (a:Annotation)
RETURN a.annotation_id AS annotation_id /* properties */
