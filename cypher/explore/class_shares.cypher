// name: class_shares
// summary: Class to class: synapses, mean weight, share of the first's output and of the second's input.
// mode: read
// column pre_class: string -- the presynaptic class; Unknown for none
// column post_class: string -- the postsynaptic class
// column connections: int -- pairs of neurons
// column synapses: int -- sum of their weights
// column mean_weight: float -- synapses of a connection
// column share_of_output: float -- of all synapses counted here that the presynaptic class makes
// column share_of_input: float -- of all synapses counted here onto the postsynaptic class
// order: synapses DESC, pre_class, post_class
//
// Change: 5 -- the smallest weight that counts; cell_class to cell_type or another field.

MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)
WHERE c.weight >= 5
WITH coalesce(a.cell_class, 'Unknown') AS pre_class, coalesce(b.cell_class, 'Unknown') AS post_class,
     count(*) AS connections, sum(c.weight) AS synapses
WITH pre_class, sum(synapses) AS made,
     collect({post_class: post_class, connections: connections, synapses: synapses}) AS cells
UNWIND cells AS cell
WITH cell.post_class AS post_class, sum(cell.synapses) AS received,
     collect({pre_class: pre_class, made: made, connections: cell.connections,
              synapses: cell.synapses}) AS cells
UNWIND cells AS cell
RETURN cell.pre_class AS pre_class, post_class, cell.connections AS connections,
       cell.synapses AS synapses, 1.0 * cell.synapses / cell.connections AS mean_weight,
       1.0 * cell.synapses / cell.made AS share_of_output,
       1.0 * cell.synapses / received AS share_of_input
ORDER BY synapses DESC, pre_class, post_class
