// name: colours_on
// summary: Label the neurons of the 14 largest classes, so that every picture is coloured.
// mode: write
// engine: neo4j
// column label: string -- the new label
// column cell_class: string -- the class
// column neurons: int -- neurons that have it
//
// Writes only labels: the results of the API stay the same. Undo with colours_off. From then
// on CALL db.schema.visualization() draws each class; schema_picture still does not.
//
// Change: n.cell_class to colour by another field, such as n.super_class or n.side, after
// colours_off; 14 -- how many classes, the largest first.

MATCH (n:Neuron)
WHERE n.cell_class IS NOT NULL
WITH n.cell_class AS cell_class, collect(n) AS neurons
ORDER BY size(neurons) DESC, cell_class
LIMIT 14
WITH cell_class, neurons, reduce(text = cell_class, sign IN split(' .,:;/?!+-*&()[]{}<>|"\'`', '')
     | CASE sign WHEN '' THEN text ELSE replace(text, sign, '_') END) AS plain
WITH cell_class, neurons, CASE WHEN plain IN ['Neuron', 'Annotation', 'Materialization', 'LoadMark']
     THEN plain + '_class' ELSE plain END AS label
UNWIND neurons AS n
SET n:$(label)
RETURN label, cell_class, count(*) AS neurons
ORDER BY neurons DESC, label
