// name: indexes
// summary: The indexes of the database that answer, and what they are on.
// mode: read
// engine: neo4j
// column name: string -- the index
// column properties: list[string] -- in order
// column unique: bool -- it belongs to a constraint
// order: name

SHOW INDEXES YIELD name, state, properties, owningConstraint
WHERE state = 'ONLINE'
RETURN name, properties, owningConstraint IS NOT NULL AS unique
ORDER BY name
