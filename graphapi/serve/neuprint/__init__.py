"""neuPrint's requests, answered from an open graph."""
