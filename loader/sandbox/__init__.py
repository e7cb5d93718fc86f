"""What only practises: the CAVE stand-in, the demo datastack, synthetic brains."""
