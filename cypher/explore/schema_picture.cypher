// name: schema_picture
// summary: Picture: the kinds of nodes and relationships, without class labels.
// mode: read
// engine: neo4j
// column kinds: any -- one node per label
// column ties: any -- one relationship per type
//
// Nothing to change. The same as CALL db.schema.visualization() on a graph as it is loaded;
// after colours_on that one also draws each class label, connected to all others.

CALL db.schema.visualization() YIELD nodes, relationships
WITH [n IN nodes WHERE labels(n)[0] IN ['Neuron', 'Annotation', 'Materialization']] AS kinds,
     relationships
RETURN kinds, [r IN relationships WHERE startNode(r) IN kinds AND endNode(r) IN kinds] AS ties
