"""Escape control characters in texts that go to a terminal."""

from __future__ import annotations

import unicodedata

#: Characters that control a terminal or the reading direction: shown as escapes, never sent.
_STEERING = {"Cc", "Cf", "Zl", "Zp"}


def visible(text: str, *, keep: str = "") -> str:
    r"""Return a text with its control characters escaped, such as `\x1b`.

    Parameters
    ----------
    text
        Any text; it may come from a stranger's file or server.
    keep
        Control characters to keep, such as the line breaks of a message.
    """
    return "".join(
        c
        if c in keep or unicodedata.category(c) not in _STEERING
        else c.encode("unicode_escape").decode("ascii")
        for c in text
    )
