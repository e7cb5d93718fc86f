"""The graph for assistants: tools of the Model Context Protocol, over stdio and http.

A tool is a question of the HTTP API under a name that a neuroscientist would use.
"""
