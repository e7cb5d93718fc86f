// name: await_indexes
// summary: Wait until all indexes are online, at most an hour.
// mode: write

CALL db.awaitIndexes(3600)
