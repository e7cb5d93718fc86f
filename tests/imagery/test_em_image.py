"""Pictures against numpy slices of the arrays that were written."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hand_made import WebServer, WrittenScale, write_volume
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphapi import Connectome
from graphapi.errors import (
    CaveResponseError,
    CaveUnavailableError,
    ImageryNotFoundError,
    InputError,
)
from graphapi.imagery.em import cut_out, segmentation_image
from graphapi.imagery.volume import open_volume

if TYPE_CHECKING:
    from pathlib import Path

OFFSET = (100, 200, 30)
SIZE = (50, 40, 10)
NM = (8, 8, 42)


def em_image(source: Any, x: int, y: int, z: int, *size: Any, **options: Any) -> Any:
    """Cut an image out of a volume, without its position."""
    return cut_out(source, (x, y, z), *size, **options).pixels


def noise(shape: tuple[int, ...], dtype: str = "uint8", seed: int = 1) -> Any:
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(1, top, shape, dtype=dtype, endpoint=True)


@pytest.fixture(scope="module")
def array() -> Any:
    return noise(SIZE)


@pytest.fixture(scope="module")
def em(tmp_path_factory: pytest.TempPathFactory, array: Any) -> Path:
    return write_volume(tmp_path_factory.mktemp("em"), WrittenScale(array, NM, OFFSET))


def expected(array: Any, position: tuple[int, ...], width: int, height: int, axes: str) -> Any:
    """The window, pixel by pixel, from the written array."""
    right, down = ("xyz".index(axis) for axis in axes)
    picture = np.zeros((height, width), array.dtype)
    for row in range(height):
        for column in range(width):
            voxel = list(position)
            voxel[right] += column - width // 2
            voxel[down] += row - height // 2
            inner = [v - o for v, o in zip(voxel, OFFSET, strict=True)]
            if all(0 <= i < n for i, n in zip(inner, array.shape, strict=True)):
                picture[row, column] = array[tuple(inner)]
    return picture


@pytest.mark.parametrize("size", [1, 2, 9, 20, (7, 12)])
@pytest.mark.parametrize("plane", ["xy", "yx", "xz", "zy"])
def test_picture_is_the_written_slice(em: Path, array: Any, plane: str, size: Any) -> None:
    position = (123, 221, 35)
    width, height = (size, size) if isinstance(size, int) else size
    image = em_image(em, *position, size, resolution=NM, plane=plane)
    np.testing.assert_array_equal(image, expected(array, position, width, height, plane))
    assert image.dtype == np.uint8
    inner = tuple(p - o for p, o in zip(position, OFFSET, strict=True))
    assert image[height // 2, width // 2] == array[inner]


def test_rows_are_y_and_the_transpose_is_cloud_volumes_order(em: Path, array: Any) -> None:
    image = em_image(em, 120, 220, 33, (8, 4), resolution=NM)
    assert image.shape == (4, 8)
    np.testing.assert_array_equal(image.T, array[16:24, 18:22, 3])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    x=st.integers(80, 170),
    y=st.integers(180, 260),
    z=st.integers(28, 42),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
)
def test_padding_at_any_place(
    em: Path, array: Any, x: int, y: int, z: int, width: int, height: int
) -> None:
    wanted = expected(array, (x, y, z), width, height, "xy")
    if not wanted.any():  # written voxels are never 0
        with pytest.raises(ImageryNotFoundError, match="lies outside the volume"):
            em_image(em, x, y, z, (width, height), resolution=NM)
        return
    image = em_image(em, x, y, z, (width, height), resolution=NM)
    np.testing.assert_array_equal(image, wanted)
    if not wanted.all():
        with pytest.raises(ImageryNotFoundError, match="reaches beyond") as caught:
            em_image(em, x, y, z, (width, height), resolution=NM, pad=False)
        assert "pad=True" in str(caught.value)


def test_outside_names_the_volume_and_its_voxels(em: Path) -> None:
    with pytest.raises(ImageryNotFoundError) as caught:
        em_image(em, 10, 10, 33, 20, resolution=NM)
    for part in (str(em), "(0, 0, 33)", "(100, 200, 30)", "(150, 240, 40)"):
        assert part in str(caught.value)


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    arrays = [noise((64, 64, 8), seed=2), noise((32, 32, 8), seed=3), noise((11, 11, 8), seed=4)]
    scales = [
        WrittenScale(arrays[0], (4, 4, 40), (10, 10, 2)),
        WrittenScale(arrays[1], (8, 8, 40), (5, 5, 2)),
        WrittenScale(arrays[2], (24, 24, 40), (1, 1, 2)),
    ]
    return write_volume(tmp_path_factory.mktemp("pyramid"), *scales), arrays


@pytest.mark.parametrize(
    ("resolution", "position", "mip", "scale", "centre"),
    [
        # The scale of the datastack's own voxels, without being asked.
        ((8, 8, 40), (20, 21, 5), None, 1, (15, 16, 3)),
        # No such scale: the finest. 16 nm voxel 6 has its middle at 104 nm: voxel 26 of 4 nm.
        ((16, 16, 40), (6, 7, 5), None, 0, (16, 20, 3)),
        # 8 nm voxel 20 has its middle at 164 nm: voxel 41 of 4 nm, 6 of 24 nm.
        ((8, 8, 40), (20, 21, 5), 0, 0, (31, 33, 3)),
        ((8, 8, 40), (20, 21, 5), 2, 2, (5, 6, 3)),
        # 3.5 nm voxel 40 has its middle at 141.75 nm: voxel 35 of 4 nm; z 25 nm voxel 7: 187.5 nm.
        ((3.5, 3.5, 25), (40, 41, 7), 0, 0, (25, 26, 2)),
    ],
)
def test_positions_of_another_resolution(
    pyramid: tuple[Path, list[Any]],
    resolution: Any,
    position: Any,
    mip: int | None,
    scale: int,
    centre: tuple[int, int, int],
) -> None:
    folder, arrays = pyramid
    image = em_image(folder, *position, 3, resolution=resolution, mip=mip)
    x, y, z = centre
    np.testing.assert_array_equal(image, arrays[scale][x - 1 : x + 2, y - 1 : y + 2, z].T)


def test_pixels_of_finds_the_voxels_it_shows(pyramid: tuple[Path, list[Any]]) -> None:
    folder, _ = pyramid
    found = cut_out(folder, (20, 21, 5), (9, 7), resolution=(8, 8, 40))
    assert found.centre == (4, 3)
    assert found.pixel_size == (8, 8)
    np.testing.assert_allclose(
        found.pixels_of([(20, 21, 5), (22, 20, 6)], (8, 8, 40)), [[4, 3, 0], [6, 2, 1]]
    )
    # Two 4 nm voxels share a pixel; their middles lie a quarter pixel to each side.
    np.testing.assert_allclose(
        found.pixels_of([(40, 42, 5), (41, 43, 5)], (4, 4, 40)),
        [[3.75, 2.75, 0], [4.25, 3.25, 0]],
    )


def test_float_resolutions_do_not_drift(tmp_path: Path) -> None:
    array = noise((40, 12, 4))
    folder = write_volume(tmp_path / "v", WrittenScale(array, (3.3, 3.3, 40), (1_000_000, 0, 0)))
    # 33 nm voxel 100,002 has its middle at ten times 100,002.5 voxels of 3.3 nm: 1,000,025.
    image = em_image(folder, 100_002, 0, 1, 1, resolution=(33, 33, 40))
    assert image[0, 0] == array[25, 5, 1]


def test_three_channels_come_last(tmp_path: Path) -> None:
    array = noise((20, 20, 4, 3))
    folder = write_volume(tmp_path / "rgb", WrittenScale(array, NM))
    image = em_image(folder, 10, 10, 1, (6, 4), resolution=NM)
    np.testing.assert_array_equal(image, array[7:13, 8:12, 1].transpose(1, 0, 2))


def test_missing_chunk_is_an_error_that_names_it(tmp_path: Path) -> None:
    array = noise((32, 32, 4))
    folder = write_volume(tmp_path / "holes", WrittenScale(array, NM))
    (folder / "8_8_42" / "16-32_0-16_0-4").unlink()
    with pytest.raises(ImageryNotFoundError) as caught:
        em_image(folder, 16, 16, 1, 20, resolution=NM)
    for part in ("holes", "16", "32", "is not stored", "fill_missing=True"):
        assert part in str(caught.value)
    black = array.copy()
    black[16:32, 0:16] = 0
    image = em_image(folder, 16, 16, 1, 20, resolution=NM, fill_missing=True)
    np.testing.assert_array_equal(image, black[6:26, 6:26, 1].T)
    # Other chunks are not affected.
    np.testing.assert_array_equal(
        em_image(folder, 8, 8, 1, 10, resolution=NM), array[3:13, 3:13, 1].T
    )


def test_damaged_chunk(tmp_path: Path) -> None:
    folder = write_volume(tmp_path / "em", WrittenScale(noise((16, 16, 4)), NM))
    (folder / "8_8_42" / "0-16_0-16_0-4").write_bytes(b"short")
    with pytest.raises(CaveResponseError, match="cannot be read"):
        em_image(folder, 8, 8, 1, 4, resolution=NM)


def test_over_http_as_from_disk(web: WebServer, tmp_path: Path) -> None:
    array = noise(SIZE)
    write_volume(tmp_path / "em", WrittenScale(array, NM, OFFSET))
    volume = open_volume(f"precomputed://{web.url}/em", token="a" * 32)
    image = em_image(volume, 123, 221, 35, 20, resolution=NM)
    np.testing.assert_array_equal(image, array[13:33, 11:31, 5].T)
    assert web.paths().count("em/info") == 1
    assert {header for _, header in web.requests} == {None}, "the token is CAVE's, not the store's"
    em_image(volume, 123, 221, 35, 20, resolution=NM)
    assert web.paths().count("em/info") == 1, "an open volume is not opened again"


def test_missing_chunk_over_http(web: WebServer, tmp_path: Path) -> None:
    folder = write_volume(tmp_path / "em", WrittenScale(noise((32, 16, 4)), NM))
    (folder / "8_8_42" / "16-32_0-16_0-4").unlink()
    with pytest.raises(ImageryNotFoundError, match="is not stored"):
        em_image(f"{web.url}/em", 16, 8, 1, 8, resolution=NM)


def test_segmentation_keeps_ids_beyond_floats(tmp_path: Path) -> None:
    array = np.full((16, 16, 4), 576460752722298426, np.uint64)
    array[8:] = 576460752722298427
    array[:, :2] = 0
    folder = write_volume(tmp_path / "seg", WrittenScale(array, NM), kind="segmentation")
    ids = segmentation_image(folder, (8, 4, 1), 8, resolution=NM)
    assert ids.dtype == np.uint64
    np.testing.assert_array_equal(ids, array[4:12, 0:8, 1].T)
    asked: list[Any] = []

    def to_roots(supervoxels: Any) -> Any:
        asked.append(supervoxels.tolist())
        return np.array([11, 2**62 + 1])

    roots = segmentation_image(folder, (8, 4, 1), 8, resolution=NM, to_roots=to_roots)
    assert asked == [[576460752722298426, 576460752722298427]]
    wanted = np.where(array == 0, 0, np.where(array == 576460752722298426, 11, 2**62 + 1))
    np.testing.assert_array_equal(roots, wanted[4:12, 0:8, 1].T)
    with pytest.raises(CaveResponseError, match="2 supervoxels"):
        segmentation_image(folder, (8, 4, 1), 8, resolution=NM, to_roots=lambda ids: ids[:1])


def test_segmentation_of_an_image_is_refused(em: Path) -> None:
    with pytest.raises(InputError, match="is an image"):
        segmentation_image(em, (120, 220, 33), 8, resolution=NM)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "size must be"),
        ({"size": -4}, "size must be"),
        ({"size": 2.5}, "not a whole number"),
        ({"size": (1, 2, 3)}, "width, height"),
        ({"size": 100_000}, "size must be"),
        ({"plane": "xx"}, "not a plane"),
        ({"plane": "abc"}, "not a plane"),
        ({"mip": 1}, r"no mip 1\n  -> there are mip 0 \(8 x 8 x 42 nm\)"),
        ({"mip": -1}, "no mip -1"),
        ({"mip": "0"}, "not a whole number"),
        ({"resolution": (8, 8)}, "not a resolution"),
        ({"resolution": (8, 8, 0)}, "must be positive"),
        ({"x": 120.5}, "x = 120.5 is not a whole number"),
        ({"z": "3"}, "not a whole number"),
        ({"y": float("nan")}, "not a whole number"),
    ],
)
def test_bad_arguments(em: Path, change: dict[str, Any], message: str) -> None:
    good = {"x": 120, "y": 220, "z": 33, "size": 8, "resolution": NM}
    with pytest.raises(InputError, match=message):
        em_image(em, **{**good, **change})


def test_numpy_and_whole_floats_are_positions(em: Path, array: Any) -> None:
    image = em_image(em, np.int32(120), 220.0, np.float64(33), np.int64(4), resolution=NM)
    np.testing.assert_array_equal(image, array[18:22, 18:22, 3].T)


def test_places_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ImageryNotFoundError, match="there is no volume"):
        open_volume(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a source"):
        open_volume("ftp://somewhere/em")
    with pytest.raises(InputError, match="not a source"):
        open_volume("")
    with pytest.raises(CaveUnavailableError, match="does not answer"):
        open_volume("precomputed://http://127.0.0.1:9/em")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"scales": []}', '{"scales": [{}]}'])
def test_info_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "info").write_text(content)
    with pytest.raises(CaveResponseError, match="info"):
        open_volume(tmp_path)


@pytest.mark.parametrize("method", ["plot_em_image", "plot_segmentation_image"])
def test_a_connectome_takes_every_option_that_messages_name(method: str) -> None:
    """A hint that says `fill_missing=True` is of no use where the call does not take it."""
    own = {"source", "resolution", "token", "position"}  # known to the graph; a voxel is x, y, z
    taken = set(inspect.signature(getattr(Connectome, method)).parameters) - {"self"}
    assert taken - {"x", "y", "z"} == set(inspect.signature(cut_out).parameters) - own
