"""Names of neurotransmitters: one word for each, and how datasets spell it."""

from __future__ import annotations

#: Our word for each transmitter, and other spellings of it, in lower case.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "acetylcholine": ("ach", "cholinergic"),
    "dopamine": ("da", "dop", "dopaminergic"),
    "gaba": ("gabaergic",),
    "glutamate": ("glut", "glu", "glutamatergic"),
    "glycine": ("gly", "glycinergic"),
    "histamine": ("his", "hist", "histaminergic"),
    "norepinephrine": ("noradrenaline", "noradrenergic"),
    "octopamine": ("oct", "octopaminergic"),
    "serotonin": ("ser", "5ht", "5-ht", "serotonergic"),
    "tyramine": ("tyr", "tyraminergic"),
}
#: Our words, in alphabetical order.
TRANSMITTERS = tuple(SPELLINGS)
#: Texts that say that the transmitter is not known, in lower case.
NOT_KNOWN = frozenset(
    {"", "unclear", "unknown", "uncertain", "undefined", "none", "na", "n/a", "nan", "null", "tbd"}
)
_OURS = {word: ours for ours, others in SPELLINGS.items() for word in (ours, *others)}


def transmitter(text: str) -> str | None:
    """Return our word for a transmitter; None for a text that is not the name of one."""
    return _OURS.get(text.strip().lower())


def says_not_known(text: str) -> bool:
    """Return whether a text says that the transmitter is not known."""
    return text.strip().lower() in NOT_KNOWN
