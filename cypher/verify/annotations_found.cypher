// name: annotations_found
// summary: How many of the given annotation rows are found by the index, each as itself.
// mode: read
// param ids: list[int] -- annotation ids, each once
// column found: int -- all of them in a sound graph

UNWIND $ids AS id
MATCH (a:Annotation {annotation_id: id})
RETURN coalesce(sum(CASE WHEN a.annotation_id = id THEN 1 ELSE 0 END), 0) AS found
