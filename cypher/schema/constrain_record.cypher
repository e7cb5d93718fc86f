// name: constrain_record
// summary: A graph has one record.
// mode: write

CREATE CONSTRAINT cavegraph_record IF NOT EXISTS
FOR (m:Materialization) REQUIRE m.slot IS UNIQUE
