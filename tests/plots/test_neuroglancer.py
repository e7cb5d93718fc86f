"""Links, decoded by the test itself."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from graphapi.errors import InputError, InvalidRootIdError
from graphapi.imagery.neuroglancer import (
    DEFAULT_VIEWER,
    link_of,
    neuroglancer_state,
    read_neuroglancer_link,
)

A, B = 576460752722298426, 576460752722298427
NM = (8, 8, 42)
SEG = "graphene://middleauth+https://example.org/segmentation/table/ant"


@pytest.fixture
def synapses() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [7, 8],
            "size": [403, 12],
            "pre_pt_root_id": [A, A],
            "post_pt_root_id": [B, 0],
            "pre_pt_position": [[10, 20, 30], np.array([11, 21, 31])],
            "post_pt_position": [[12, 22, 30], [13, 23, 32]],
        }
    )


def decoded(link: str) -> dict[str, Any]:
    viewer, text = link.split("/#!")
    assert viewer.startswith("https://")
    assert not set(text) & set(' "{}[]<>#&'), "mail programs break links at these"
    state: dict[str, Any] = json.loads(unquote(text), parse_int=refuse_large)
    return state


def refuse_large(text: str) -> int:
    """No number in a state may be one that JavaScript rounds."""
    assert abs(int(text)) < 2**53
    return int(text)


def test_neurons_and_synapses(synapses: pd.DataFrame) -> None:
    made = neuroglancer_state(
        resolution=NM,
        image="precomputed://https://example.org/em",
        segmentation=SEG,
        root_ids=[B, A, B],
        colors=["#FF0000", (0, 0.5, 1)],
        synapses=synapses,
    )
    link = link_of(made, "https://example.org/ngl/")
    assert link.startswith("https://example.org/ngl/#!")
    state = decoded(link)
    assert state["dimensions"] == {"x": [8e-9, "m"], "y": [8e-9, "m"], "z": [4.2e-8, "m"]}
    image, segments, lines = state["layers"]
    assert image == {
        "type": "image",
        "source": "precomputed://https://example.org/em",
        "name": "image",
    }
    assert segments["source"] == SEG
    assert segments["segments"] == [str(B), str(A)]
    assert segments["segmentColors"] == {str(B): "#ff0000", str(A): "#0080ff"}
    assert lines["source"]["transform"]["outputDimensions"] == state["dimensions"]
    assert lines["linkedSegmentationLayer"] == {"segments": "segmentation"}
    assert lines["annotations"] == [
        {
            "type": "line",
            "id": "7",
            "pointA": [10.5, 20.5, 30.5],
            "pointB": [12.5, 22.5, 30.5],
            "description": "size 403",
            "segments": [[str(A), str(B)]],
        },
        {
            "type": "line",
            "id": "8",
            "pointA": [11.5, 21.5, 31.5],
            "pointB": [13.5, 23.5, 32.5],
            "description": "size 12",
            "segments": [[str(A)]],
        },
    ]
    assert state["position"] == [10.5, 20.5, 30.5]
    assert read_neuroglancer_link(link) == state


def test_layers_by_name(synapses: pd.DataFrame) -> None:
    bare = synapses[["pre_pt_position", "post_pt_position"]]
    state = neuroglancer_state(
        resolution=NM, synapses={"inputs": bare.head(1), "none": bare.head(0)}, position=(1, 2, 3)
    )
    first, empty = state["layers"]
    assert first["annotations"] == [
        {"type": "line", "id": "0", "pointA": [10.5, 20.5, 30.5], "pointB": [12.5, 22.5, 30.5]}
    ]
    assert "linkedSegmentationLayer" not in first
    assert empty["annotations"] == []
    assert first["annotationColor"] != empty["annotationColor"]
    assert state["position"] == [1.5, 2.5, 3.5]


def test_nothing_asked_for() -> None:
    assert neuroglancer_state(resolution=NM) == {
        "dimensions": {"x": [8e-9, "m"], "y": [8e-9, "m"], "z": [4.2e-8, "m"]},
        "layers": [],
        "layout": "xy-3d",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"root_ids": [A]}, "root_ids need a segmentation"),
        ({"root_ids": [A], "segmentation": SEG, "colors": ["red", "blue"]}, "2 colours"),
        ({"root_ids": [A], "segmentation": SEG, "colors": "mauve"}, "'mauve' is not a colour"),
        ({"root_ids": [A], "segmentation": SEG, "colors": "#12345"}, "is not a colour"),
        ({"root_ids": [A], "segmentation": SEG, "colors": [(2, 0, 0)]}, "is not a colour"),
        ({"resolution": (8, 8)}, "is not a resolution"),
        ({"resolution": (8, 8, -1)}, "is not a resolution"),
        ({"position": (1, 2)}, "is not a position"),
        ({"synapses": [1]}, "must be a data frame"),
        ({"synapses": pd.DataFrame({"id": [1]})}, "post_pt_position, pre_pt_position"),
        (
            {
                "image": "x",
                "synapses": {
                    "image": pd.DataFrame(columns=["pre_pt_position", "post_pt_position"])
                },
            },
            "the same name",
        ),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        neuroglancer_state(**{"resolution": NM, **options})


def test_a_viewer_has_an_address() -> None:
    with pytest.raises(InputError, match="is not the address"):
        link_of({}, "here")


def test_floats_are_no_ids() -> None:
    with pytest.raises(InvalidRootIdError):
        neuroglancer_state(resolution=NM, segmentation=SEG, root_ids=[float(A)])  # type: ignore[list-item]


def test_link_too_long(synapses: pd.DataFrame) -> None:
    many = pd.concat([synapses] * 6000)
    with pytest.raises(InputError, match="browsers accept only"):
        link_of(neuroglancer_state(resolution=NM, synapses=many), DEFAULT_VIEWER)


@pytest.mark.parametrize("link", ["", "https://x.org", "https://x.org/#!middleauth+https://s/1"])
def test_link_without_state(link: str) -> None:
    with pytest.raises(InputError, match="holds no Neuroglancer state"):
        read_neuroglancer_link(link)
