"""EM with synapse sites, on volumes written here with numpy alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from graphapi.errors import ImageryNotFoundError, InputError
from graphapi.plots import em_panels, em_with_synapse
from graphapi.plots.em import POST_COLOR, PRE_COLOR

if TYPE_CHECKING:
    from pathlib import Path

NM = (8, 8, 40)
A, B = 576460752722298426, 576460752722298427


def write(folder: Path, array: Any, resolution: tuple[int, int, int], kind: str) -> Path:
    """Write a volume as one raw chunk."""
    key = "_".join(map(str, resolution))
    (folder / key).mkdir(parents=True)
    name = "_".join(f"0-{n}" for n in array.shape)
    (folder / key / name).write_bytes(array.tobytes(order="F"))
    scale = {
        "chunk_sizes": [list(array.shape)],
        "encoding": "raw",
        "key": key,
        "resolution": list(resolution),
        "size": list(array.shape),
        "voxel_offset": [0, 0, 0],
    }
    info = {"type": kind, "data_type": str(array.dtype), "num_channels": 1, "scales": [scale]}
    (folder / "info").write_text(json.dumps(info))
    return folder


@pytest.fixture
def em_array() -> Any:
    return np.random.default_rng(5).integers(1, 255, (100, 80, 6), dtype=np.uint8)


@pytest.fixture
def em(tmp_path: Path, em_array: Any) -> Path:
    return write(tmp_path / "em", em_array, NM, "image")


@pytest.fixture
def segmentation(tmp_path: Path) -> Path:
    """Twice as coarse in x and y; neuron A is left of x = 400 nm, B right of it."""
    array = np.full((50, 40, 6), A, np.uint64)
    array[25:] = B
    array[:, :5] = 0
    return write(tmp_path / "seg", array, (16, 16, 40), "segmentation")


def marks(ax: Any) -> dict[str, tuple[list[float], bool]]:
    """Place of each site, and whether it is filled, by its text."""
    return {
        dots.get_label(): (
            np.round(dots.get_offsets()[0], 6).tolist(),
            len(dots.get_facecolors()) > 0,
        )
        for dots in ax.collections
    }


def test_sites_stand_on_their_voxels(em: Path, em_array: Any) -> None:
    ax = em_with_synapse(em, (48, 40, 3), (53, 37, 4), resolution=NM, size=20)
    ax.figure.canvas.draw()
    # The middle of the picture is halfway: voxel (50, 38, 3), at pixel (10, 10).
    np.testing.assert_array_equal(ax.images[0].get_array(), em_array[40:60, 28:48, 3].T)
    assert marks(ax) == {"pre": ([8, 12], True), "post (+40 nm)": ([13, 9], False)}
    assert ax.get_xlim() == (-0.5, 19.5)
    assert ax.get_ylim() == (19.5, -0.5)
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"pre", "post (+40 nm)"}


def test_marks_do_not_hide_the_synapse(em: Path) -> None:
    ax = em_with_synapse(em, (48, 40, 3), (53, 37, 3), resolution=NM, size=20)
    ax.figure.canvas.draw()
    for dots in ax.collections:
        (path,) = dots.get_paths()
        points = path.vertices * dots.get_sizes()[0] ** 0.5  # from the site, in points
        away = np.linalg.norm(points, axis=1)
        assert away.min() == pytest.approx(5)
        assert away.max() > 20
    pre, post = (dots.get_paths()[0].vertices.mean(axis=0) for dots in ax.collections)
    assert pre[0] < 0 < post[0], "from the left and from the right, as the sites lie"
    assert pre[1] < 0 < post[1], "from below and from above: rows count downwards"


def test_marks_of_sites_in_one_place_come_from_both_sides(em: Path) -> None:
    ax = em_with_synapse(em, (50, 40, 3), (50, 40, 3), resolution=NM, size=20)
    pre, post = (dots.get_paths()[0].vertices.mean(axis=0) for dots in ax.collections)
    assert pre[0] < 0 < post[0]


def test_scale_bar_has_the_length_it_says(em: Path) -> None:
    ax = em_with_synapse(em, (48, 40, 3), (53, 37, 3), resolution=NM, size=60)
    bar = next(line for line in ax.lines if line.get_gid() == "scale bar")
    start, end = bar.get_xdata()
    assert (end - start) * 8 == pytest.approx(100)
    assert [text.get_text() for text in ax.texts] == ["100 nm"]


def test_other_plane_has_true_proportions(em: Path) -> None:
    ax = em_with_synapse(em, (48, 40, 3), (53, 37, 3), resolution=NM, size=6, plane="xz")
    assert ax.get_aspect() == 5, "a slice is five times as thick as a pixel is wide"
    assert marks(ax) == {
        "pre (+16 nm)": ([1, 3], False),
        "post (-8 nm)": ([6, 3], False),
    }


def test_neurons_are_tinted_where_they_are(em: Path, segmentation: Path) -> None:
    ax = em_with_synapse(
        em,
        (48, 20, 3),
        (53, 20, 3),
        resolution=NM,
        size=40,
        segmentation=segmentation,
        pre_root=A,
        post_root=B,
    )
    ax.figure.canvas.draw()
    tint = ax.images[1].get_array()
    x, y = np.meshgrid(np.arange(30, 70), np.arange(0, 40))  # the EM voxels that are shown
    expected = np.zeros((40, 40, 4))
    expected[(y >= 10) & (x < 50)] = to_rgba(PRE_COLOR, 0.3)
    expected[(y >= 10) & (x >= 50)] = to_rgba(POST_COLOR, 0.3)
    np.testing.assert_allclose(tint, expected)
    # Both profiles have an outline that hides what is below it.
    outline = next(im for im in ax.images if im.get_gid() == "outlines").get_array()
    edges = {(10, 5), (10, 35), (25, 19), (25, 20)}  # rows and columns: tops, and where they meet
    for row, column in edges:
        color = PRE_COLOR if column < 20 else POST_COLOR
        np.testing.assert_allclose(outline[row, column], to_rgba(color))
    for row, column in {(9, 5), (25, 10), (25, 30)}:
        assert outline[row, column][3] == 0


@pytest.fixture
def synapses() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "size": [5, 90, 40],
            "pre_pt_root_id": [A, A, A],
            "post_pt_root_id": [B, B, B],
            "pre_pt_position": [[20, 20, 2], [48, 40, 3], np.array([30, 30, 1])],
            "post_pt_position": [[24, 20, 2], [53, 40, 3], np.array([33, 31, 1])],
            "ctr_pt_position": [[22, 20, 2], [51, 41, 3], np.array([31, 30, 1])],
        }
    )


def test_panels_show_the_largest_synapses(
    em: Path, em_array: Any, synapses: pd.DataFrame, segmentation: Path
) -> None:
    axes = em_panels(em, synapses, 2, resolution=NM, size=10, segmentation=segmentation)
    axes[0].figure.canvas.draw()
    assert [ax.get_title() for ax in axes] == [
        "Synapse at (51, 41, 3), size 90",
        "Synapse at (31, 30, 1), size 40",
    ]
    np.testing.assert_array_equal(axes[0].images[0].get_array(), em_array[46:56, 36:46, 3].T)
    np.testing.assert_array_equal(axes[1].images[0].get_array(), em_array[26:36, 25:35, 1].T)
    assert marks(axes[0]) == {"pre": ([2, 4], True), "post": ([7, 4], True)}
    tint = axes[0].images[1].get_array()
    np.testing.assert_allclose(tint[5, 2], to_rgba(PRE_COLOR, 0.3))
    np.testing.assert_allclose(tint[5, 7], to_rgba(POST_COLOR, 0.3))


def test_panels_of_fewer_and_of_none(em: Path, synapses: pd.DataFrame) -> None:
    assert len(em_panels(em, synapses, 9, resolution=NM, size=10)) == 3
    assert len(em_panels(em, synapses.head(0), resolution=NM)) == 0
    first = em_panels(em, synapses.drop(columns="size"), 1, resolution=NM, size=10)
    assert first[0].get_title() == "Synapse at (22, 20, 2)"


def test_bad_requests(em: Path, synapses: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="ctr_pt_position"):
        em_panels(em, synapses.drop(columns="ctr_pt_position"), resolution=NM)
    with pytest.raises(InputError, match="count"):
        em_panels(em, synapses, 0, resolution=NM)
    with pytest.raises(InputError, match="pre position"):
        em_with_synapse(em, (1, 2), (1, 2, 3), resolution=NM)
    with pytest.raises(InputError, match="post position"):
        em_with_synapse(em, (1, 2, 3), (1.5, 2, 3), resolution=NM)  # type: ignore[arg-type]
    with pytest.raises(ImageryNotFoundError):
        em_with_synapse(em, (1000, 2, 3), (1000, 2, 3), resolution=NM, size=20)
