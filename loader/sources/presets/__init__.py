"""Settings for public datastacks: one TOML file each, beside this module."""

from __future__ import annotations

from loader.sources.presets.preset import Preset, known_presets, read_preset

__all__ = ["Preset", "known_presets", "read_preset"]
