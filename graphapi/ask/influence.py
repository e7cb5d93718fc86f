"""Influence of groups of neurons on all others, over all numbers of hops."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.ask.classes import ClassQuestions
from graphapi.ask.signed import SignedReader
from graphapi.common.progress import Progress
from graphapi.common.threads import Stop
from graphapi.errors import InputError
from graphapi.graph.results import MOST_DENSE_CELLS
from graphapi.graph.terms import Terms
from graphapi.network.labels import column_of

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.graph.selection import Selection
    from graphapi.ids import IdArray
    from graphapi.network.influence import Dynamics
    from graphapi.network.labels import Labels
    from graphapi.network.passing import Floats, Measure
    from graphapi.network.signs import Signs

#: Name of the only group, where seeds are not given in groups.
_ONE = ""
#: Columns beside a property; with named groups of seeds, also theirs.
_SUMMED = ("neurons", "seeds", "influence", "mean_influence", "adjusted_influence")
_NAMED = ("group", *_SUMMED)


class InfluenceQuestions(ClassQuestions, SignedReader):
    """Questions about what neurons do to others over many hops."""

    def get_influence(
        self,
        seeds: object,
        silenced: object = (),
        signed: bool = False,
        threshold: int = 5,
        *,
        signs: Signs | None = None,
        targets: object = None,
        by: str | None = None,
        measure: Measure = "synapses",
        gain: float = 0.99,
    ) -> pd.DataFrame:
        """Return the influence of seed neurons on all others, over all numbers of hops.

        The seeds receive constant input of 1, and activity spreads by linear dynamics,
        `dr/dt = -r + M r + s`. Influence is the activity at the steady state, `r = s + M r`. `M`
        is the matrix of weights from pre to post, scaled so that the largest real part of its
        eigenvalues is `gain`. Without any loop, or where signed loops cancel so that no real part
        is above zero, it is not scaled. This is the convention of the
        ConnectomeInfluenceCalculator of the Drugowitsch lab (doi:10.5281/zenodo.15999929), which
        the BANC connectome uses: with its defaults (a threshold of 5, synapses as weights, 0.99)
        the values are the same.

        Parameters
        ----------
        seeds
            Root ids or `NeuronCriteria`: one group. Or several groups, as a dict from a name to
            root ids or criteria; each is answered by itself.
        silenced
            Root ids or `NeuronCriteria` of neurons that pass nothing on. They still receive, and
            `M` is scaled again without them. Seeds of a group are not silenced in its answer.
        signed, signs
            Give connections the sign of the presynaptic neuron, by a table that you choose; see
            `get_adjacency`. Influence may then be negative.
        threshold
            Smallest weight of a connection, in synapses, inclusive; applied before all else.
        targets
            Root ids or `NeuronCriteria`: return these neurons only. All neurons still take part.
        by
            A property of neurons, such as `cell_class`: sum influence over its values. Neurons
            without it are `Unknown`.
        measure
            `'synapses'`: weights are numbers of synapses. `'share_of_input'`: each weight is
            divided by all synapses that the postsynaptic neuron receives at this threshold.
        gain
            Largest eigenvalue after scaling, between 0 and 1. Recurrent activity is
            amplified 1 / (1 - gain) times; a smaller value gives short paths more weight.

        Returns
        -------
        pandas.DataFrame
            `group` (if `seeds` is a dict), `neuron_id`, `is_seed`, `influence` and
            `adjusted_influence`: ln(influence) + 24, and 0 for influences up to exp(-24); of the
            size, with the sign of the influence, if `signed`. With
            `by`: `group`, the property, `neurons`, `seeds` (numbers of neurons), `influence`
            (summed), `mean_influence` and `adjusted_influence` (of the sum). Groups in the given
            order, then the largest influence first, then by id or value. The influence of a
            seed includes its own input of 1. `.attrs` adds `threshold`, `measure`, `gain`,
            `eigenvalue` (before scaling, for each group) and `residual`: the largest relative
            residual of any neuron, at most 1e-12.

        Raises
        ------
        ConvergenceError
            No solution of this accuracy was found.
        UnknownFieldError
            Neurons have no property `by`.
        """
        import pandas as pd

        from graphapi.network.influence import Dynamics
        from graphapi.network.passing import passed_on

        terms = Terms(threshold=threshold)
        if isinstance(seeds, Mapping):
            groups = self._select_groups(seeds, "seeds", terms)
        else:
            groups = {_ONE: self._select(seeds, "seeds", terms)}
        mute = None if _is_empty(silenced) else self._select(silenced, "silenced", terms)
        wanted = None if targets is None else self._select(targets, "targets", terms)
        stop = Stop(self.timeout)
        matrix, roots = self.whole.matrix(terms.threshold)
        of_neurons, told = self._signs_of_all(signed, signs)
        kept = np.arange(roots.size) if wanted is None else roots.searchsorted(wanted.unique)
        if by is None and kept.size * len(groups) > MOST_DENSE_CELLS // 8:
            raise InputError(
                f"influence of {len(groups):,} groups on {kept.size:,} neurons does not fit in "
                "memory",
                hint="sum it with by=, or choose targets=",
            )
        labels = None if by is None else self._labels_of_all(by)
        table = _Table(roots, kept, labels, by, named=isinstance(seeds, Mapping))
        made: dict[bytes, Dynamics] = {}
        frames, residuals, eigenvalues = [], [0.0], {}
        with Progress("Influence", len(groups), unit="groups") as bar:
            for name, group in groups.items():
                places = roots.searchsorted(group.unique)
                silent = _silent(mute, roots, places)
                key = silent.tobytes()
                if key not in made:
                    made = {
                        key: Dynamics.of(passed_on(matrix, measure, of_neurons, silent), gain, stop)
                    }
                activity, residual = made[key].steady_state(_inputs(places, roots.size), stop)
                frames.append(table.of(name, activity, places))
                residuals.append(residual)
                eigenvalues[name] = made[key].eigenvalue
                bar.advance()
        frame = pd.concat(frames, ignore_index=True)
        origin = self._provenance(terms, *groups.values(), mute, wanted)
        frame.attrs = {
            **origin.attrs(),
            **told,
            "threshold": terms.threshold,
            "measure": measure,
            "gain": gain,
            "eigenvalue": eigenvalues if isinstance(seeds, Mapping) else eigenvalues[_ONE],
            "residual": max(residuals),
        }
        return frame


@dataclass(frozen=True)
class _Table:
    """Makes the rows of a group.

    Attributes
    ----------
    roots
        Root ids of all neurons.
    kept
        Places of the neurons that are returned.
    labels, by
        What the rows are summed over, if anything.
    named
        The groups of seeds have names, which the rows begin with.
    """

    roots: IdArray
    kept: IdArray
    labels: Labels | None
    by: str | None
    named: bool

    def of(self, group: str, activity: Floats, seeds: IdArray) -> pd.DataFrame:
        """Return the rows of a group, the largest influence first."""
        import pandas as pd

        from graphapi.network.influence import adjusted

        of_seeds = np.zeros(self.roots.size, dtype=np.bool_)
        of_seeds[seeds] = True
        is_seed, influence = of_seeds[self.kept], activity[self.kept]
        data: dict[str, Any] = {}
        if self.labels is None:
            data |= {"neuron_id": self.roots[self.kept], "is_seed": is_seed}
        else:
            code, size = self.labels.code[self.kept], len(self.labels.names)
            neurons: IdArray = np.bincount(code, minlength=size).astype(np.int64)
            there = np.flatnonzero(neurons)
            name = column_of(str(self.by), _NAMED if self.named else _SUMMED)
            data[name] = np.array(self.labels.names, dtype=object)[there]
            data["neurons"] = neurons[there]
            data["seeds"] = np.bincount(code[is_seed], minlength=size)[there]
            influence = np.bincount(code, influence, size).astype(np.float64)[there]
        data["influence"] = influence
        if self.labels is not None:
            data["mean_influence"] = influence / data["neurons"]
        data["adjusted_influence"] = adjusted(influence)
        frame = pd.DataFrame(data)
        frame = frame.iloc[np.argsort(-np.abs(influence), kind="stable")]
        if self.named:
            frame.insert(0, "group", pd.Series(group, index=frame.index, dtype=object))
        return frame


def _is_empty(neuron_ids: object) -> bool:
    return neuron_ids is None or (isinstance(neuron_ids, Sized) and not len(neuron_ids))


def _silent(mute: Selection | None, roots: IdArray, seeds: IdArray) -> IdArray:
    """Return the places of silenced neurons: a seed is never silenced."""
    if mute is None:
        return np.array([], dtype=np.int64)
    return np.setdiff1d(roots.searchsorted(mute.unique), seeds)


def _inputs(places: IdArray, n: int) -> Floats:
    found = np.zeros(n)
    found[places] = 1
    return found
