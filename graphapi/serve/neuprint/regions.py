"""Regions as neuPrint has them: those of the graph, and larger ones that are sums of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WHERE = "[neuprint.regions]"


@dataclass(frozen=True)
class Regions:
    """The regions of a graph and the larger ones; see `regions_of`.

    Attributes
    ----------
    primary
        The regions of the graph, which do not overlap.
    parts
        What each larger region consists of, itself primary or larger.
    above
        For each primary region, all larger ones that hold it.
    """

    primary: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    above: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        """All regions, the primary ones first."""
        return [*self.primary, *self.parts]

    @property
    def top(self) -> list[str]:
        """The regions that are part of no other."""
        inside = {one for parts in self.parts.values() for one in parts}
        return sorted(one for one in self.names if one not in inside)

    def tree(self, root: str) -> dict[str, Any]:
        """Return neuPrint's `roiHierarchy`; a region of two larger ones is listed in both."""
        return {"name": root, "children": [self._branch(one) for one in self.top]}

    def _branch(self, name: str) -> dict[str, Any]:
        if name not in self.parts:
            return {"name": name}
        return {"name": name, "children": [self._branch(one) for one in self.parts[name]]}

    def with_larger(self, counts: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
        """Return counts of primary regions, then their sums in the larger ones."""
        found = {name: list(values) for name, values in counts.items()}
        for name, values in counts.items():
            for larger in self.above.get(name, ()):
                sums = found.setdefault(larger, [0] * len(values))
                for place, value in enumerate(values):
                    sums[place] += value
        return found


def regions_of(primary: Sequence[str], given: object) -> Regions:
    """Return the regions of a graph and the larger ones that a preset names.

    Parameters
    ----------
    primary
        Regions of the graph.
    given
        Larger regions: for each name, the list of its parts. Parts may be larger regions too, and
        may be parts of several. A graph without regions has no larger ones either.

    Raises
    ------
    InputError
        It is not such a table, or a part is not a region, or a region is a part of itself.
    """
    if not isinstance(given, dict):
        raise InputError(
            f"{_WHERE} is not a table of TOML", hint='write: CX = ["EB", "FB"] below it'
        )
    if not primary:
        return Regions((), {}, {})
    known = {*primary, *given}
    for name, parts in given.items():
        if not isinstance(parts, list) or not parts or not all(isinstance(p, str) for p in parts):
            raise InputError(f"{_WHERE} {name} = {parts!r} is not a list of regions")
        if name in primary:
            raise InputError(
                f"{_WHERE} {name}: the graph has synapses in a region of this name",
                hint="larger regions need names of their own",
            )
        if unknown := sorted(set(parts) - known):
            raise InputError(
                f"{_WHERE} {name}: there are no regions {unknown}",
                hint=f"the graph has: {', '.join(primary)}",
            )
    held = {name: _primary_parts(name, given, ()) for name in given}
    above = {one: tuple(name for name in given if one in held[name]) for one in primary}
    return Regions(tuple(primary), {name: tuple(parts) for name, parts in given.items()}, above)


def _primary_parts(
    name: str, given: Mapping[str, list[str]], way: tuple[str, ...]
) -> frozenset[str]:
    """Return the primary regions in a region, each once."""
    if name not in given:
        return frozenset([name])
    if name in way:
        raise InputError(f"{_WHERE} {name} is a part of itself: {' > '.join([*way, name])}")
    parts = (_primary_parts(one, given, (*way, name)) for one in given[name])
    return frozenset().union(*parts)
