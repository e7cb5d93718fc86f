"""Fields of the neurons in these tests, as an engine and as a motif know them."""

from __future__ import annotations

from graphapi.motifs.binding import MotifSchema

_TYPES = {"INT64": "int", "STRING": "string", "STRING[]": "list[string]", "BOOL": "bool"}
FIELDS = {"kind": "STRING", "side": "STRING", "size": "INT64", "tags": "STRING[]", "ok": "BOOL"}
SCHEMA = MotifSchema({name: _TYPES[kind] for name, kind in FIELDS.items()})
