"""Point neuprint-python's own tests at another server: a plugin of pytest, loaded with `-p`."""

import os

# their package wants to be told a token before it is imported
os.environ.setdefault("NEUPRINT_APPLICATION_CREDENTIALS", "any")

import neuprint.tests

neuprint.tests.NEUPRINT_SERVER = os.environ["CAVEGRAPH_TEST_NEUPRINT_SERVER"]
neuprint.tests.DATASET = os.environ["CAVEGRAPH_TEST_NEUPRINT_DATASET"]
