"""Things to try and test with: the CAVE stand-in, the demo datastack, synthetic brains."""
