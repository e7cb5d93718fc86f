"""The questions of a connectome, by topic; `Connectome` combines them all."""
