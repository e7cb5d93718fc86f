"""What Neo4j Browser is given: a style, saved queries, a guided tour."""
