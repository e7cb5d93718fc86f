// name: constrain_annotations
// summary: An annotation row has a number of its own.
// mode: write

CREATE CONSTRAINT cavegraph_annotation IF NOT EXISTS
FOR (a:Annotation) REQUIRE a.annotation_id IS UNIQUE
