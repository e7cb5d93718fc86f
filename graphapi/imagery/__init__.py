"""What a graph does not hold: EM images, segmentation, meshes and scenes of them.

The functions take plain sources (`precomputed://...`, `graphene://...`) and positions; nothing
here knows of a graph. Heavy libraries are imported by the functions that need them.
"""
