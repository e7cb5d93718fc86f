// name: find_by_text
// summary: Find neurons by any word of their name, type, class, lineage or transmitter.
// mode: read
// engine: neo4j
// column root_id: int -- the neuron
// column display_name: string -- its caption in pictures
// column cell_class: string -- its class
// column cell_type: string -- its type
// column side: string -- left or right
// column score: float -- how well it matches
// order: score DESC, root_id
//
// Change in the first line: words -- Lucene words; 'ER2', 'uPN*' for a prefix, 'ER2 AND left',
// 'cell_type:Delta7' for one field, 'dela~' for a similar spelling.

WITH 'delta* OR gaba' AS words
CALL db.index.fulltext.queryNodes('cavegraph_neuron_text', words) YIELD node AS n, score
RETURN n.root_id AS root_id, n.display_name AS display_name, n.cell_class AS cell_class,
       n.cell_type AS cell_type, n.side AS side, score
ORDER BY score DESC, root_id
LIMIT 50
