// name: index_annotation_roots
// summary: Find annotation rows by the root id of their neuron.
// mode: write

CREATE INDEX cavegraph_annotation_root IF NOT EXISTS
FOR (a:Annotation) ON (a.root_id)
