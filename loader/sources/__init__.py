"""Where a load gets its rows from: CAVE, or files."""
