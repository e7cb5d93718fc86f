"""The synthetic demo datastack: a made-up ant brain in the stand-in's folder format."""

from __future__ import annotations

from loader.sandbox.demo.datastack import make_demo

__all__ = ["make_demo"]
