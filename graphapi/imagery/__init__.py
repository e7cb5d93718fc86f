"""EM images, segmentation, meshes and scenes, none of which a graph stores.

The functions take sources (`precomputed://...`, `graphene://...`) and positions; nothing here
depends on a graph. Heavy libraries are imported by the functions that need them.
"""
