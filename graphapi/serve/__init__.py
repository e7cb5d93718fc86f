"""Serve an open graph over HTTP: a JSON API, and the pages of `cavegraph explore`.

It has no logic of its own: every answer comes from the public calls of a `Connectome`.
"""
