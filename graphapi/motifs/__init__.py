"""Network motifs: search, census, null models, statistics."""
