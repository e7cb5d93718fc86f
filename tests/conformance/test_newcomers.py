"""What people try first: names for ids, misspelt arguments, properties beside ids."""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from toy import ids

import graphapi
from graphapi.errors import ImageryNotFoundError, InputError, InvalidRootIdError, UnknownFieldError


def test_a_name_in_the_place_of_an_id_is_recognised(toy: graphapi.Connectome) -> None:
    with pytest.raises(InvalidRootIdError, match=r"mean NeuronCriteria\(cell_class='EBc'\)"):
        toy.get_connectivity("EBc")
    with pytest.raises(InvalidRootIdError, match=r"NeuronCriteria\(region=\['CX', 'lal'\]\)"):
        toy.get_synapse_counts(["CX", "lal"])
    with pytest.raises(InvalidRootIdError) as caught:
        toy.get_connectivity("no such thing")
    assert "NeuronCriteria(" not in str(caught.value)


def test_a_misspelt_argument_names_the_one_that_was_meant(toy: graphapi.Connectome) -> None:
    with pytest.raises(TypeError, match="did you mean threshold") as caught:
        toy.get_connectivity(ids(1), treshold=2)
    assert str(caught.value).startswith("get_connectivity() has no argument 'treshold'")
    assert "Questions" not in str(caught.value)
    with pytest.raises(TypeError, match="did you mean upstream"):
        toy.get_connectivity(ids(1), upstrem=False)
    with pytest.raises(TypeError, match=r"has no argument 'zzz'\. It takes: neuron_ids"):
        toy.get_connectivity(ids(1), zzz=2)
    with pytest.raises(TypeError, match=r"^count\(\) has no argument 'treshold'\. It takes: motif"):
        toy.motifs.count("A -> B", treshold=2)
    with pytest.raises(TypeError, match=r"^census\(\) has no .* did you mean threshold"):
        toy.motifs.census(treshold=2)
    with pytest.raises(UnknownFieldError):  # fields are checked by the criteria themselves
        toy.criteria(cell_clas="ER")


def test_properties_beside_connections(toy: graphapi.Connectome) -> None:
    frame = toy.get_connectivity(ids(1), upstream=False)
    made = toy.add_properties(frame, ["cell_class", "out_synapses"])
    assert list(made) == [
        "pre", "post", "weight",
        "pre_cell_class", "pre_out_synapses", "post_cell_class", "post_out_synapses",
    ]  # fmt: skip
    assert made["post"].tolist() == ids(2, 3)
    assert made["post_cell_class"].tolist() == ["EBc", "er"]
    assert made["pre_cell_class"].tolist() == ["ER", "ER"]
    assert made["post_out_synapses"].tolist() == [1, 2]
    assert made["pre"].dtype == np.int64
    assert made.attrs == frame.attrs
    assert list(frame) == ["pre", "post", "weight"]  # the frame itself stays


def test_properties_on_both_axes_of_an_adjacency(toy: graphapi.Connectome) -> None:
    frame = toy.get_adjacency(ids(1, 9), ids(2, 3))
    made = toy.add_properties(frame, "cell_class")
    assert made.to_numpy().tolist() == frame.to_numpy().tolist()
    assert made.index.names == ["pre", "cell_class"]
    assert [root for root, _ in made.index] == ids(1, 9)
    assert made.columns.tolist() == list(zip(ids(2, 3), ["EBc", "er"], strict=True))


def test_properties_beside_counts_and_partners(toy: graphapi.Connectome) -> None:
    counts = toy.add_properties(toy.get_synapse_counts(ids(3, 1)), "cell_class")
    assert counts["cell_class"].tolist() == ["er", "ER"]
    assert counts.index.tolist() == ids(3, 1)
    partners = toy.add_properties(toy.get_partners(ids(1)), "cell_class")
    assert partners["partner_cell_class"].tolist() == ["EBc", "er"]


def test_whole_numbers_stay_whole_beside_neurons_the_graph_does_not_hold(
    toy: graphapi.Connectome,
) -> None:
    frame = pd.DataFrame({"root_id": [*ids(1), 5]})
    made = toy.add_properties(frame, ["out_synapses", "cell_class"])
    assert made["out_synapses"].dtype == "Int64"
    assert made["out_synapses"].isna().tolist() == [False, True]


def test_properties_that_cannot_be(toy: graphapi.Connectome) -> None:
    frame = toy.get_connectivity(ids(1))
    with pytest.raises(UnknownFieldError, match="did you mean cell_class"):
        toy.add_properties(frame, "cell_clas")
    with pytest.raises(InputError, match="no column of root ids"):
        toy.add_properties(pd.DataFrame({"x": [1]}), "cell_class")


def test_fields_complete(toy: graphapi.Connectome) -> None:
    assert "cell_class" in dir(toy.fields)
    assert list(toy.fields) == graphapi.NeuronCriteria.available_fields(toy)
    assert toy.fields.side["value"].tolist() == ["left", "right"]
    assert "list[string]" in toy.fields._repr_html_()
    with pytest.raises(UnknownFieldError):
        toy.fields.sid  # noqa: B018


def test_a_connectome_shows_itself_in_notebooks(toy: graphapi.Connectome) -> None:
    page = toy._repr_html_()
    assert "toy v7" in page
    assert "9 neurons, " in page
    assert "rows" not in page
    assert "cell_class" in page


def test_a_record_shows_itself_in_notebooks(toy: graphapi.Connectome) -> None:
    made = dataclasses.replace(toy.materialization, notes=("<script>", "read <b>so</b>"))
    page = made._repr_html_()
    assert "<th>datastack</th><td>toy</td>" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_networkx_of_a_selection(toy: graphapi.Connectome) -> None:
    part = toy.to_networkx(neuron_ids=toy.criteria(side="left"))
    assert set(part.nodes) == set(ids(1, 3, 4))
    assert set(part.edges) == {tuple(ids(1, 3)), tuple(ids(3, 4)), tuple(ids(4, 1))}


def test_the_version_is_known() -> None:
    assert graphapi.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="no_such_name"):
        graphapi.no_such_name  # noqa: B018


@pytest.mark.parametrize(
    ("name", "meant"),
    [("get_conectivity", "did you mean get_connectivity"), ("cypher", "default_connectome().cyph")],
)
def test_a_name_that_the_package_lacks(name: str, meant: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(meant)):
        getattr(graphapi, name)


def test_what_a_graph_of_files_lacks_is_said(toy: graphapi.Connectome) -> None:
    with pytest.raises(ImageryNotFoundError, match="no source of segmentation"):
        toy.neuroglancer_link(ids(1))
    graphapi.use(toy)
    try:
        with pytest.raises(InputError, match="has no CAVE server"):
            graphapi.generate_cave_token()
    finally:
        graphapi.use(None)


def test_exact_decimals_are_ids(toy: graphapi.Connectome) -> None:
    found = toy.get_connectivity([Decimal(ids(1)[0])])
    assert found.equals(toy.get_connectivity(ids(1)))
    with pytest.raises(InvalidRootIdError):
        toy.get_connectivity([Decimal("1.5")])
