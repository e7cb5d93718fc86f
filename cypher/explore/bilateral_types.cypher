// name: bilateral_types
// summary: Cell types with neurons on both sides, and whether left and right have equal numbers.
// mode: read
// engine: neo4j
// column cell_type: string -- the type
// column left_neurons: int -- its neurons on the left
// column right_neurons: int -- on the right
// column left_synapses: int -- synapses that those on the left make
// column right_synapses: int -- those on the right
//
// Change: 'left', 'right' if the datastack uses other values, such as 'L', 'R'.

MATCH (n:Neuron)
WHERE n.cell_type IS NOT NULL AND n.side IN ['left', 'right']
WITH n.cell_type AS cell_type,
     sum(CASE n.side WHEN 'left' THEN 1 ELSE 0 END) AS left_neurons,
     sum(CASE n.side WHEN 'right' THEN 1 ELSE 0 END) AS right_neurons,
     sum(CASE n.side WHEN 'left' THEN n.out_synapses ELSE 0 END) AS left_synapses,
     sum(CASE n.side WHEN 'right' THEN n.out_synapses ELSE 0 END) AS right_synapses
WHERE left_neurons > 0 AND right_neurons > 0
RETURN cell_type, left_neurons, right_neurons, left_synapses, right_synapses
ORDER BY abs(left_neurons - right_neurons) DESC, cell_type
