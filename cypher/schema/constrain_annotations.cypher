// name: constrain_annotations
// summary: Each annotation row has its own number.
// mode: write

CREATE CONSTRAINT cavegraph_annotation IF NOT EXISTS
FOR (a:Annotation) REQUIRE a.annotation_id IS UNIQUE
