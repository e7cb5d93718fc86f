"""What stands in place of the token: it may be nowhere but where a person vouched for."""

CANARY = "ca9a97ca9a97ca9a97ca9a97ca9a97ca"
