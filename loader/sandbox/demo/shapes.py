"""The shape of each kind of neuron: which neuropils it visits, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from loader.sandbox.demo.brain import Floats, Neuropil, centre, neuropils
from loader.sandbox.demo.morphology import Grower, Kind, Skeleton

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.sandbox.demo.neurons import Population

_UM: Final = 1_000.0


@dataclass(frozen=True)
class _Site:
    """What a template knows about the neuron that it draws.

    Attributes
    ----------
    places
        All neuropils.
    letter
        `R` or `L`.
    share
        Position in its group, 0 to 1.
    """

    places: dict[str, Neuropil]
    letter: str
    share: float

    def __getitem__(self, name: str) -> Neuropil:
        """Return a neuropil; `*` in its name is the neuron's side."""
        return self.places[name.replace("*", self.letter)]

    @property
    def sign(self) -> float:
        """Return the direction of the neuron's side along x."""
        return -1.0 if self.letter == "R" else 1.0

    def offset(self, x: float, y: float, z: float) -> Floats:
        """Return a point at micrometres from the brain's centre, x counted outwards."""
        return centre() + _UM * np.array([self.sign * x, y, z])


def grow_skeletons(population: Population, rng: np.random.Generator) -> list[Skeleton]:
    """Grow the skeleton of every annotated neuron, by index."""
    places = neuropils()
    ranks = _shares(population)
    skeletons = []
    for index in range(population.annotated):
        side = str(population.side[index])
        site = _Site(places, "R" if side == "right" else "L", float(ranks[index]))
        skeletons.append(_TEMPLATES[str(population.group[index])](site, rng))
    return skeletons


def _shares(population: Population) -> Floats:
    """Return each annotated neuron's position in its group, float64 (annotated,), 0 to 1."""
    shares = np.zeros(population.annotated)
    for group in np.unique(population.group[: population.annotated]):
        members = population.members(str(group))
        shares[members] = (np.arange(len(members)) + 0.5) / len(members)
    return shares


def _um(x: float, y: float, z: float) -> Floats:
    """Return an offset, given in micrometres, in nm."""
    return _UM * np.array([x, y, z], dtype=np.float64)


def _ball(middle: Floats, radius: float) -> Neuropil:
    """Return a sphere, its radius given in micrometres."""
    return Neuropil(middle, np.full(3, radius * _UM))


def _around(point: Floats, rng: np.random.Generator, spread_um: float) -> Floats:
    return point + rng.normal(size=3) * spread_um * _UM


def _projection(site: _Site, rng: np.random.Generator) -> Skeleton:
    """Draw an antennal lobe glomerulus, medial tract, calyx boutons and lateral horn."""
    lobe, calyx, horn = site["AL_*"], site["CA_*"], site["LH_*"]
    grower = Grower(_around(lobe.centre + _um(0, -8, -30), rng, 4), rng)
    angle = 2 * np.pi * 3 * site.share
    direction = np.array([np.cos(angle), np.sin(angle), 2 * site.share - 1])
    glomerulus = _ball(lobe.centre + 0.6 * lobe.radii * direction, 6)
    hilus = lobe.centre + _um(0, -10, 24)
    grower.run([grower.skeleton.soma, hilus], 300, Kind.TRUNK)
    grower.run([hilus, glomerulus.centre], 280, Kind.TRUNK)
    grower.tuft(glomerulus.centre, glomerulus.sample(rng, 14), 160, Kind.INPUT)
    turn = site.offset(30, -20, 30)
    grower.run([hilus, site.offset(26, 20, -10), turn, calyx.centre], 300, Kind.TRUNK)
    grower.tuft(calyx.centre, calyx.sample(rng, 14), 220, Kind.OUTPUT)
    grower.run([calyx.centre, horn.centre], 260, Kind.TRUNK)
    grower.tuft(horn.centre, horn.sample(rng, 10), 180, Kind.OUTPUT)
    return grower.skeleton


def _ring(site: _Site, rng: np.random.Generator) -> Skeleton:
    """Draw ER: lateral soma, bulb tuft, and an arc around the ellipsoid body."""
    bulb, body = site["BU_*"], site["EB"]
    grower = Grower(_around(site.offset(58, -34, -42), rng, 6), rng)
    grower.run([grower.skeleton.soma, bulb.centre], 280, Kind.TRUNK)
    grower.tuft(bulb.centre, bulb.sample(rng, 7), 150, Kind.INPUT)
    start = np.pi if site.letter == "R" else 0.0
    circle = _ring_points(body, start + np.linspace(-2.6, 2.6, 25), 0.35 + 0.5 * site.share)
    grower.run([bulb.centre, circle[12]], 240, Kind.TRUNK)
    grower.run(circle, 200, Kind.MIXED)
    for spot in rng.choice(25, 9, replace=False):
        grower.run([circle[spot], _around(circle[spot], rng, 3)], 130, Kind.MIXED)
    return grower.skeleton


def _ring_points(body: Neuropil, angles: Floats, reach: float) -> Floats:
    flat = np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1)
    return np.asarray(body.centre + reach * body.radii * flat, dtype=np.float64)


def _bridge_point(site: _Site, along: float) -> Floats:
    """Return a point of the bridge's arc; `along` runs from -1 (right) to 1 (left)."""
    bridge = site["PB"]
    lift = 10 * _UM * along**2
    offset = np.array([0.92 * along * bridge.radii[0], lift, -lift / 2])
    return np.asarray(bridge.centre + offset, dtype=np.float64)


def _column(site: _Site, rng: np.random.Generator) -> Skeleton:
    """Draw EBc: soma behind the bridge, one bridge glomerulus, one wedge of the ellipsoid body."""
    along = 2 * site.share - 1
    glomerulus = _bridge_point(site, along)
    grower = Grower(_around(glomerulus + _um(0, -22, 14), rng, 3), rng)
    wedge = _ring_points(site["EB"], np.array([2 * np.pi * site.share]), 0.65)[0]
    grower.run([grower.skeleton.soma, glomerulus], 260, Kind.TRUNK)
    grower.tuft(glomerulus, _ball(glomerulus, 5).sample(rng, 9), 150, Kind.MIXED)
    grower.run([glomerulus, site["FB"].centre + _um(4 * along, 0, 8), wedge], 260, Kind.TRUNK)
    grower.tuft(wedge, _ball(wedge, 6).sample(rng, 12), 150, Kind.MIXED)
    return grower.skeleton


def _bridge(site: _Site, rng: np.random.Generator) -> Skeleton:
    """Draw PBt: a bar along the whole bridge with side branches."""
    middle = _bridge_point(site, 2 * site.share - 1)
    grower = Grower(_around(middle + _um(0, -26, 22), rng, 4), rng)
    grower.run([grower.skeleton.soma, middle], 280, Kind.TRUNK)
    spots = np.linspace(-1, 1, 19)
    bar = (
        np.array([_bridge_point(site, float(spot)) for spot in spots])
        + rng.normal(size=3) * 2 * _UM
    )
    grower.run(bar, 280, Kind.MIXED)
    for spot in np.flatnonzero(rng.random(19) < 0.75):
        tips = _ball(bar[spot], 5.5).sample(rng, 2)
        grower.tuft(bar[spot], tips, 150, Kind.MIXED)
    grower.run([bar[9], site["EB"].centre], 200, Kind.TRUNK)
    grower.tuft(site["EB"].centre, site["EB"].sample(rng, 8), 150, Kind.OUTPUT)
    return grower.skeleton


def _layer(site: _Site, rng: np.random.Generator) -> Skeleton:
    """Draw FBt: a side arbor and one layer of the fan-shaped body."""
    fan = site["FB"]
    grower = Grower(_around(site.offset(72, -30, 30), rng, 6), rng)
    edge = fan.centre + np.array([0.85 * site.sign * fan.radii[0], 0, 0])
    height = (1.5 * site.share - 0.75) * fan.radii[1]
    grower.run([grower.skeleton.soma, edge], 280, Kind.TRUNK)
    side = _ball(edge + _um(16 * site.sign, 6, 0), 8)
    grower.tuft(edge, side.sample(rng, 7), 160, Kind.INPUT)
    spots = np.linspace(0.8, -0.8, 13)
    width = np.sqrt(1 - (height / fan.radii[1]) ** 2) * fan.radii[0]
    bar = fan.centre + np.stack(
        [site.sign * spots * width, np.full(13, height), 3 * _UM * rng.normal(size=13)], axis=1
    )
    grower.run([edge, *bar], 240, Kind.MIXED)
    for spot in np.flatnonzero(rng.random(13) < 0.8):
        grower.run([bar[spot], _around(bar[spot], rng, 3)], 140, Kind.MIXED)
    return grower.skeleton


def _fan_column(site: _Site, rng: np.random.Generator) -> Skeleton:
    """Draw FBc: one bridge glomerulus and one column of the fan-shaped body."""
    along = 2 * site.share - 1
    glomerulus, fan = _bridge_point(site, along), site["FB"]
    grower = Grower(_around(glomerulus + _um(0, -24, 10), rng, 3), rng)
    column = fan.centre + np.array([0.7 * along * fan.radii[0], 0, 0])
    grower.run([grower.skeleton.soma, glomerulus, column], 260, Kind.TRUNK)
    grower.tuft(glomerulus, _ball(glomerulus, 5).sample(rng, 7), 150, Kind.INPUT)
    grower.tuft(column, Neuropil(column, _um(4, 13, 8)).sample(rng, 12), 150, Kind.MIXED)
    return grower.skeleton


def _two_arbors(
    first: str, second: str, soma: tuple[float, float, float], tips: tuple[int, int]
) -> Callable[[_Site, np.random.Generator], Skeleton]:
    """Build a template: inputs in one neuropil, outputs in another."""

    def template(site: _Site, rng: np.random.Generator) -> Skeleton:
        begin, end = site[first], site[second]
        grower = Grower(_around(site.offset(*soma), rng, 6), rng)
        entry = begin.sample(rng, 1)[0]
        grower.run([grower.skeleton.soma, entry], 240, Kind.TRUNK)
        grower.tuft(entry, begin.sample(rng, tips[0]), 150, Kind.INPUT)
        arrival = end.sample(rng, 1)[0]
        grower.run([entry, arrival], 220, Kind.MIXED)
        grower.tuft(arrival, end.sample(rng, tips[1]), 150, Kind.OUTPUT)
        return grower.skeleton

    return template


def _local(site: _Site, rng: np.random.Generator) -> Skeleton:
    """Draw LN: a lateral soma and an arbor through the whole antennal lobe."""
    lobe = site["AL_*"]
    grower = Grower(_around(lobe.centre + _um(30 * site.sign, -8, 0), rng, 4), rng)
    grower.run([grower.skeleton.soma, lobe.centre], 260, Kind.TRUNK)
    grower.tuft(lobe.centre, lobe.sample(rng, 24), 160, Kind.MIXED)
    return grower.skeleton


_kenyon = _two_arbors("CA_*", "ML_*", (60, -88, 48), (6, 8))

_TEMPLATES: Final[dict[str, Callable[[_Site, np.random.Generator], Skeleton]]] = {
    "mALT_right": _projection,
    "mALT_left": _projection,
    "lALT_right": _projection,
    "lALT_left": _projection,
    "ER": _ring,
    "FBt": _layer,
    "PBt": _bridge,
    "EBc": _column,
    "FBc": _fan_column,
    "KC_spiny": _kenyon,
    "KC_smooth": _kenyon,
    "LN": _local,
    "ORN": _two_arbors("AL_*", "AL_*", (44, 84, -80), (4, 10)),
    "LHN": _two_arbors("LH_*", "PR", (100, -30, 12), (10, 14)),
    "MBON": _two_arbors("ML_*", "PR", (40, -40, -56), (12, 12)),
    "DN": _two_arbors("LAL_*", "GNG", (24, 40, -56), (12, 12)),
    "OLT": _two_arbors("OL_*", "PR", (120, -50, 10), (16, 10)),
}
