// name: constrain_mark
// summary: A database has one mark of a load.
// mode: write

CREATE CONSTRAINT cavegraph_mark IF NOT EXISTS
FOR (m:LoadMark) REQUIRE m.slot IS UNIQUE
