"""Write the stages of a load to a graph database."""
