// name: write_record
// summary: Write the record of the graph; a graph has one.
// mode: write
// param load_id: string -- which load made the graph
// param status: string -- loading or complete
// param record: string -- the record as JSON text
// param checksum: string -- SHA-256 over all other values but the status
// param datastack: string -- the datastack's name
// param version: int -- materialization version
// param timestamp: string -- moment of the segmentation, ISO 8601, UTC; empty for files
// param server: string -- the CAVE server; empty for files
// param source: string -- cave or files
// param synapse_table: string -- table of synapses
// param soma_table: string -- table of nuclei; may be empty
// param loaded_at: string -- when the load ended, ISO 8601, UTC
// param cavegraph_version: string -- the program that made the graph
// param synthetic: bool -- whether the data are made up
// param neurons: int -- number of neurons
// param connections: int -- number of connections
// param synapses: int -- sum of their weights
// param format_version: int -- version of the graph model

MERGE (m:Materialization {slot: 'graph'})
SET m.load_id = $load_id,
    m.status = $status,
    m.record = $record,
    m.checksum = $checksum,
    m.datastack = $datastack,
    m.version = $version,
    m.timestamp = $timestamp,
    m.server = $server,
    m.source = $source,
    m.synapse_table = $synapse_table,
    m.soma_table = $soma_table,
    m.loaded_at = $loaded_at,
    m.cavegraph_version = $cavegraph_version,
    m.synthetic = $synthetic,
    m.neurons = $neurons,
    m.connections = $connections,
    m.synapses = $synapses,
    m.format_version = $format_version
