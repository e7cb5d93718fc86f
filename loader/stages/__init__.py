"""From rows to staged tables: aggregation, merged annotations, the record."""
