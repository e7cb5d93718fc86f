// name: annotations_attached
// summary: Annotation rows attached to the neuron with their root id.
// mode: read
// column attached: int -- rows that are attached
// column misattached: int -- those attached to another neuron; 0 in a sound graph
// column ties: int -- fingerprint of which row is attached to which neuron

MATCH (a:Annotation)-[:ANNOTATES]->(n:Neuron)
WITH a.annotation_id AS row, n.root_id AS root,
     CASE WHEN a.root_id = n.root_id THEN 0 ELSE 1 END AS wrong
WITH wrong,
     ((row % 1073741789) * 536870923 + row / 1073741789
      + (root % 1073741789) * 402653189 + root / 1073741789) % 1073741789 AS x
RETURN count(*) AS attached,
       coalesce(sum(wrong), 0) AS misattached,
       coalesce(sum(((x * x) % 1073741789 * x) % 1073741789), 0) AS ties
