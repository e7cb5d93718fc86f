// name: class_picture
// summary: Picture: classes as circles; the more synapses between two, the wider the arrow.
// mode: read
// engine: neo4j
// column pre: any -- the presynaptic class, drawn
// column post: any -- the postsynaptic class, drawn
// column connection: any -- all synapses from one to the other, drawn
//
// A drawing, coloured by the style file. Needs APOC core.
//
// Change: the number after LIMIT -- how many arrows, the strongest first.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE a.cell_class IS NOT NULL AND b.cell_class IS NOT NULL
WITH a.cell_class AS pre_class, b.cell_class AS post_class, sum(c.weight) AS synapses
ORDER BY synapses DESC
LIMIT 30
WITH collect({pre: pre_class, post: post_class, synapses: synapses}) AS pairs
UNWIND apoc.coll.toSet([p IN pairs | p.pre] + [p IN pairs | p.post]) AS name
MATCH (n:Neuron {cell_class: name})
WITH pairs, name, count(*) AS neurons
WITH pairs, apoc.map.fromPairs(collect([name, apoc.create.vNode(
    ['CellClass', apoc.text.replace(name, '[^A-Za-z0-9_]', '_')],
    {display_name: replace(name, '_', ' '), cell_class: name, neurons: neurons})])) AS drawn
UNWIND pairs AS p
WITH p, drawn[p.pre] AS pre, drawn[p.post] AS post
RETURN pre, post, apoc.create.vRelationship(pre,
    CASE WHEN p.synapses >= 5000 THEN 'FROM_5000' WHEN p.synapses >= 2000 THEN 'FROM_2000'
         WHEN p.synapses >= 1000 THEN 'FROM_1000' WHEN p.synapses >= 500 THEN 'FROM_500'
         ELSE 'BELOW_500' END,
    {weight: p.synapses}, post) AS connection
