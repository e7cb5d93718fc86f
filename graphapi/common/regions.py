"""The one name for synapses without a region."""

#: The region of synapses whose source has regions, but none for them.
NO_REGION = "unassigned"
