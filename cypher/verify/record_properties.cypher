// name: record_properties
// summary: All properties of the graph's record, to compare with its checksum.
// mode: read
// column load_id: string -- as written by `write_record`
// column record: string -- as written by `write_record`
// column checksum: string -- as written by `write_record`
// column datastack: string -- as written by `write_record`
// column version: int -- as written by `write_record`
// column timestamp: string -- as written by `write_record`
// column server: string -- as written by `write_record`
// column source: string -- as written by `write_record`
// column synapse_table: string -- as written by `write_record`
// column soma_table: string -- as written by `write_record`
// column loaded_at: string -- as written by `write_record`
// column cavegraph_version: string -- as written by `write_record`
// column synthetic: bool -- as written by `write_record`
// column neurons: int -- as written by `write_record`
// column connections: int -- as written by `write_record`
// column synapses: int -- as written by `write_record`
// column format_version: int -- as written by `write_record`

MATCH (m:Materialization)
RETURN m.load_id AS load_id,
       m.record AS record,
       m.checksum AS checksum,
       m.datastack AS datastack,
       m.version AS version,
       m.timestamp AS timestamp,
       m.server AS server,
       m.source AS source,
       m.synapse_table AS synapse_table,
       m.soma_table AS soma_table,
       m.loaded_at AS loaded_at,
       m.cavegraph_version AS cavegraph_version,
       m.synthetic AS synthetic,
       m.neurons AS neurons,
       m.connections AS connections,
       m.synapses AS synapses,
       m.format_version AS format_version
