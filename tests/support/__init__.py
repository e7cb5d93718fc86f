"""What several tests need: small graphs, made by the loader itself."""

from .graphs import build_graph, connections_frame, example_frames, fresh_name

__all__ = ["build_graph", "connections_frame", "example_frames", "fresh_name"]
