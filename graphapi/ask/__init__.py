"""What can be asked of a connectome, by topic; `Connectome` is all of it together."""
