// name: graph_counts
// summary: Number of nodes and relationships of each kind.
// mode: read
// column kind: string -- label or relationship type
// column number: int -- how many there are

MATCH (n:Neuron) WITH count(*) AS number RETURN 'Neuron' AS kind, number
UNION ALL
MATCH (n:Annotation) WITH count(*) AS number RETURN 'Annotation' AS kind, number
UNION ALL
MATCH (n:Materialization) WITH count(*) AS number RETURN 'Materialization' AS kind, number
UNION ALL
MATCH (:Neuron)-[r:CONNECTS]->(:Neuron) WITH count(*) AS number RETURN 'CONNECTS' AS kind, number
UNION ALL
MATCH (:Annotation)-[r:ANNOTATES]->(:Neuron) WITH count(*) AS number RETURN 'ANNOTATES' AS kind, number
