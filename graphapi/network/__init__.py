"""The connectome as a matrix: census, null models, statistics."""
