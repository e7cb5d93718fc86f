"""Criteria and annotations of every engine; expected answers read off `toy.ANNOTATIONS`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from toy import BASE, ids

import graphapi
from graphapi import AtLeast, AtMost, Between, IsNull, Not, NotNull
from graphapi.errors import InputError, UnknownFieldError

CASES = [
    ({"cell_class": "ER"}, [1, 3]),  # case does not matter unless asked for
    ({"cell_class": "ER", "case": True}, [1]),
    ({"cell_class": ["EBc", "er"]}, [1, 2, 3]),
    ({"cell_class": "E", "exact": False}, [1, 2, 3, 4]),
    ({"cell_class": ["PFN", "zzz"], "exact": False}, [4]),
    ({"cell_class": "^E.c$", "regex": True}, [2]),
    ({"cell_class": "PFN?"}, [4]),  # a question mark is a character, not a pattern
    ({"cell_class": "EPG/PEG"}, [4]),
    ({"cell_class": "peg", "regex": True}, [4]),
    ({"cell_class": "peg", "regex": True, "case": True}, []),
    ({"cell_class": "ER", "side": "left"}, [1, 3]),
    ({"cell_class": "PFN?", "side": "left"}, []),  # both must hold in one row
    ({"cell_class": Not("ER")}, [2, 4, 7]),
    ({"cell_class": Not(["ER", "EBc"])}, [4, 7]),
    ({"cell_class": IsNull()}, [7]),
    ({"cell_class": NotNull(), "side": "right"}, [2]),
    ({"region": "cx"}, [1, 2]),
    ({"region": ["CX", "LAL"]}, [1, 2, 4]),
    ({"region": ["CX", "LAL"], "match_all": True}, [2]),
    ({"region": IsNull()}, [3, 4, 7]),
    ({"proofread": True}, [1]),
    ({"proofread": False}, [3]),
    ({"size_um": AtLeast(3.0)}, [3, 4]),
    ({"size_um": AtMost(3)}, [4]),
    ({"size_um": Between(4, 13)}, [3]),
    ({"root_id": BASE + 2}, [2]),
    ({"root_id": str(BASE + 2)}, [2]),
    ({"in_synapses": AtLeast(9)}, [1, 2, 3]),
    ({"in_synapses": AtLeast(9), "cell_class": "er"}, [1, 3]),
    ({"out_synapses": 0}, [6, 7, 8]),
    ({"cell_class": "no such class"}, []),
]


@pytest.mark.parametrize(("fields", "expected"), CASES, ids=lambda value: str(value)[:60])
def test_roots(toy: graphapi.Connectome, fields: dict, expected: list[int]) -> None:
    roots = toy.criteria(**fields).get_roots()
    assert roots.dtype == np.int64
    assert roots.tolist() == ids(*expected)


def test_an_unknown_field_names_the_known_ones(toy: graphapi.Connectome) -> None:
    with pytest.raises(UnknownFieldError, match="did you mean cell_class") as caught:
        toy.criteria(cell_clas="ER")
    assert "region, root_id, side" in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "at least one field"),
        ({"cell_class": []}, "list of values is empty"),
        ({"cell_class": "(", "regex": True}, "not a regular expression"),
        ({"cell_class": None}, "IsNull"),
        ({"cell_class": NotNull}, r"add parentheses: NotNull\(\)"),
        ({"cell_class": IsNull}, r"add parentheses: IsNull\(\)"),
        ({"cell_class": [IsNull]}, r"add parentheses: IsNull\(\)"),
        ({"cell_class": Not(NotNull)}, r"add parentheses: NotNull\(\)"),
        ({"cell_class": AtLeast(IsNull)}, r"add parentheses: IsNull\(\)"),
        ({"cell_class": Not}, r"add parentheses: Not\(\)"),
        ({"cell_class": np.nan}, "IsNull"),
        ({"cell_class": pd.NA}, "IsNull"),
        ({"cell_class": pd.NaT}, "IsNull"),
        ({"cell_class": ["ER", np.nan]}, "IsNull"),
        ({"cell_class": ["ER", None]}, "IsNull"),
        ({"size_um": AtLeast(np.nan)}, "IsNull"),
        ({"size_um": Between(1, None)}, "IsNull"),
        ({"cell_class": len}, "cannot be the value of a field"),
        ({"cell_class": b"ER"}, "cannot be the value of a field"),
        ({"cell_class": [["ER"]]}, "cannot be the value of a field"),
        ({"side": AtLeast(3)}, "cannot be compared"),
        ({"root_id": float(BASE)}, "floats cannot hold"),
        ({"root_id": [BASE + 1, np.float64(BASE)]}, "floats cannot hold"),
    ],
)
def test_bad_criteria(toy: graphapi.Connectome, fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        toy.criteria(**fields).get_roots()


@pytest.mark.parametrize("text", ["x' OR 1=1 //", "`", "$ids", "\\", "') RETURN 1 //"])
def test_values_are_never_query_text(toy: graphapi.Connectome, text: str) -> None:
    assert toy.criteria(cell_class=text).get_roots().tolist() == []
    with pytest.raises(UnknownFieldError):
        toy.criteria(**{text: "x"})


def test_criteria_stand_for_ids_everywhere(toy: graphapi.Connectome) -> None:
    chosen = toy.criteria(cell_class="ER")
    assert toy.get_connectivity(chosen).equals(toy.get_connectivity(ids(1, 3)))
    assert toy.get_adjacency(chosen, chosen).equals(toy.get_adjacency(ids(1, 3), ids(1, 3)))
    assert toy.get_synapse_counts(chosen).equals(toy.get_synapse_counts(ids(1, 3)))
    assert list(chosen) == ids(1, 3)
    assert len(chosen) == 2
    assert ids(1)[0] in chosen
    assert ids(2)[0] not in chosen


def test_criteria_without_a_match_give_empty_answers(toy: graphapi.Connectome) -> None:
    nothing = toy.criteria(cell_class="no such class")
    frame = toy.get_connectivity(nothing)
    assert frame.empty
    assert set(frame.dtypes) == {np.dtype("int64")}
    assert toy.get_synapse_counts(nothing).shape == (0, 6)
    assert toy.get_annotations(nothing).empty
    assert [len(axes.patches) for axes in toy.plot_partner_classes(nothing)] == [0, 0]
    assert [len(axes.patches) for axes in toy.plot_partner_classes(ids(1), threshold=99)] == [0, 0]


def test_annotations_keep_every_row(toy: graphapi.Connectome) -> None:
    frame = toy.get_annotations(ids(4, 1, 5))
    assert frame["root_id"].dtype == np.int64
    assert frame["root_id"].tolist() == ids(1, 4, 4)
    assert frame["cell_class"].tolist() == ["ER", "PFN?", "EPG/PEG"]
    assert [list(v) if v is not None else None for v in frame["region"]] == [["CX"], ["LAL"], None]
    assert frame["proofread"].tolist() == [True, None, None]
    assert frame["size_um"].dtype == np.float64


def test_neurons_have_one_line_each(toy: graphapi.Connectome) -> None:
    frame = toy.get_neurons(ids(4, 5, 1))
    assert frame["root_id"].tolist() == ids(1, 4, 5)
    assert frame["cell_class"].tolist() == ["ER", "PFN?", None]
    assert frame["in_synapses"].tolist() == [11, 2, 0]


def test_criteria_combine_as_sets(toy: graphapi.Connectome) -> None:
    classed, left = toy.criteria(cell_class=NotNull()), toy.criteria(side="left")
    assert (classed & left).get_roots().tolist() == ids(1, 3, 4)
    assert (classed | toy.criteria(side="right")).get_roots().tolist() == ids(1, 2, 3, 4, 7)
    assert (classed - left).get_roots().tolist() == ids(2)
    either = (classed - left) | toy.criteria(cell_class="ER", case=True)
    assert either.get_roots().dtype == np.int64
    assert toy.get_connectivity(either).equals(toy.get_connectivity(ids(1, 2)))
    assert "side='left'" in repr(classed & left)


def test_criteria_combine_with_criteria_of_the_same_connectome_only(
    toy: graphapi.Connectome,
) -> None:
    with pytest.raises(InputError, match="can only be combined with criteria"):
        toy.criteria(side="left") & ids(1)


def test_criteria_are_sliced_as_ids(toy: graphapi.Connectome) -> None:
    chosen = toy.criteria(side="left")
    assert chosen[:2].tolist() == ids(1, 3)
    assert chosen[-1] == ids(4)[0]


def test_criteria_without_a_match_say_what_there_is(toy: graphapi.Connectome) -> None:
    with pytest.warns(graphapi.NoMatchWarning, match=r"did you mean left\?\).*left \(3\), right"):
        assert len(toy.criteria(side="L")) == 0
    with pytest.warns(graphapi.NoMatchWarning, match=r"it has CX \(2\), LAL \(2\)"):
        assert len(toy.criteria(region="xyz")) == 0
    with pytest.warns(graphapi.NoMatchWarning, match=r"matches no neuron$"):  # each is there
        assert len(toy.criteria(cell_class="EBc", side="left")) == 0


def test_criteria_show_themselves_in_notebooks(toy: graphapi.Connectome) -> None:
    page = toy.criteria(cell_class="ER")._repr_html_()
    assert "2 neurons" in page
    assert str(ids(1)[0]) in page
    with pytest.warns(graphapi.NoMatchWarning):
        assert "<script>" not in toy.criteria(cell_class="<script>")._repr_html_()


def test_values_of_a_field_are_counted_by_row_and_by_neuron(toy: graphapi.Connectome) -> None:
    frame = toy.get_field_values("region")  # each element of a list counts
    assert frame.to_dict("list") == {"value": ["CX", "LAL"], "rows": [2, 2], "neurons": [2, 2]}
    sides = toy.get_field_values("side")
    assert sides.to_numpy().tolist() == [["left", 3, 3], ["right", 2, 2]]
    totals = toy.get_field_values("in_partners")  # a property that the load computes
    assert totals["neurons"].sum() == len(toy.root_ids())
    assert frame.attrs["source"] == "graph"
    with pytest.raises(UnknownFieldError, match="did you mean side"):
        toy.get_field_values("sid")
