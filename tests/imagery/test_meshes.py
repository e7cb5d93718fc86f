"""Meshes against bytes that the test writes or decodes itself."""

from __future__ import annotations

import json
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hand_made import (
    WebServer,
    WrittenScale,
    legacy_bytes,
    read_gzip,
    write_legacy_mesh,
    write_volume,
)

from graphapi.errors import (
    CaveAuthError,
    CaveResponseError,
    CaveUnavailableError,
    ImageryNotFoundError,
    InputError,
    InvalidRootIdError,
    MissingMeshError,
)
from graphapi.imagery.em import segmentation_image
from graphapi.imagery.mesh_cache import MeshCache
from graphapi.imagery.meshes import MissingMeshWarning, get_meshes
from graphapi.imagery.volume import open_volume, read_brain_mesh

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

TETRAHEDRON = [(0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)]
SIDES = [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]
BIG = 576460752722298426


def corners(vertices: Any, faces: Any) -> list[Any]:
    """Triangles as sets of corners, in an order that does not depend on that of vertices."""
    points = [tuple(float(v) for v in row) for row in np.asarray(vertices, np.float32)]
    return sorted(sorted(points[i] for i in face) for face in np.asarray(faces).tolist())


@pytest.fixture
def segments(tmp_path: Path) -> Path:
    folder = write_volume(
        tmp_path / "seg",
        WrittenScale(np.ones((16, 16, 4), np.uint64), (8, 8, 42)),
        kind="segmentation",
        mesh="mesh",
    )
    moved = np.add(TETRAHEDRON, [10, 0, 0])
    write_legacy_mesh(folder / "mesh", BIG, (TETRAHEDRON, SIDES), (moved, SIDES))
    write_legacy_mesh(folder / "mesh", 7, (TETRAHEDRON, SIDES))
    (folder / "mesh/info").write_text('{"@type": "neuroglancer_legacy_mesh"}')
    return folder


def test_fragments_are_joined_without_seam(segments: Path) -> None:
    mesh = get_meshes(segments, [BIG])[BIG]
    moved = [(x + 10, y, z) for x, y, z in TETRAHEDRON]
    assert corners(mesh.vertices, mesh.faces) == sorted(
        corners(TETRAHEDRON, SIDES) + corners(moved, SIDES)
    )
    assert len(mesh.vertices) == 7, "(10, 0, 0) is in both fragments"
    assert (mesh.vertices.dtype, mesh.faces.dtype) == (np.float32, np.int32)
    np.testing.assert_array_equal(mesh.bounds, [[0, 0, 0], [20, 10, 10]])


def test_order_repeats_and_kinds_of_ids(segments: Path) -> None:
    assert list(get_meshes(segments, [7, str(BIG), 7])) == [7, BIG]
    assert list(get_meshes(segments, 7)) == [7]
    assert get_meshes(segments, []) == {}
    with pytest.raises(InvalidRootIdError):
        get_meshes(segments, [7.0])  # type: ignore[list-item]


def test_missing_meshes_are_listed_or_skipped_with_a_warning(segments: Path) -> None:
    with pytest.raises(MissingMeshError) as caught:
        get_meshes(segments, [99, 7, 98])
    assert caught.value.root_ids == (99, 98)
    assert "99, 98" in str(caught.value)
    assert "missing='skip'" in str(caught.value)
    with pytest.warns(MissingMeshWarning, match="2 without a mesh .* 99, 98") as seen:
        found = get_meshes(segments, [99, 7, 98], missing="skip")
    assert list(found) == [7]
    assert found.missing == (99, 98)
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert get_meshes(segments, [7], missing="skip").missing == ()


def test_mesh_that_lacks_a_fragment_is_not_shown_in_part(segments: Path) -> None:
    (segments / "mesh" / f"{BIG}:0:1").unlink()
    with pytest.raises(ImageryNotFoundError, match=f"lacks 1 of its 2 fragments: {BIG}:0:1"):
        open_volume(segments).mesh(BIG)
    with pytest.raises(MissingMeshError):
        get_meshes(segments, [BIG])


def test_volume_without_meshes(tmp_path: Path) -> None:
    folder = write_volume(
        tmp_path / "bare",
        WrittenScale(np.ones((16, 16, 4), np.uint64), (8, 8, 42)),
        kind="segmentation",
    )
    with pytest.raises(ImageryNotFoundError, match="has no meshes"):
        open_volume(folder).mesh(7)


@pytest.mark.parametrize(
    "content",
    [
        b"\0",
        struct.pack("<I", 4) + b"\0" * 20,
        legacy_bytes(TETRAHEDRON, SIDES)[:-1],
        legacy_bytes(TETRAHEDRON, [(0, 1, 4)]),
        legacy_bytes([(0, 0, float("nan"))], []),
    ],
)
def test_damaged_fragment(segments: Path, content: bytes) -> None:
    (segments / "mesh/7:0:0").write_bytes(content)
    with pytest.raises(CaveResponseError, match="7:0:0"):
        get_meshes(segments, [7])


@pytest.mark.parametrize("content", ["", "[]", '{"fragments": 3}', "{}"])
def test_damaged_manifest(segments: Path, content: str) -> None:
    (segments / "mesh/7:0").write_text(content)
    with pytest.raises((CaveResponseError, MissingMeshError), match="7"):
        get_meshes(segments, [7])


@pytest.mark.parametrize("place", ["../../other", "/{}/other", "sub/../../../other"])
def test_a_manifest_names_no_file_outside_its_folder(segments: Path, place: str) -> None:
    other = segments.parent / "other"
    other.write_bytes(legacy_bytes(TETRAHEDRON, SIDES))
    fragment = place.format(str(segments.parent).lstrip("/"))
    (segments / "mesh/7:0").write_text(json.dumps({"fragments": [fragment]}))
    with pytest.raises(CaveResponseError, match="outside its folder"):
        get_meshes(segments, [7])


def test_transform_of_the_mesh_folder(segments: Path) -> None:
    transform = [2, 0, 0, 100, 0, 3, 0, 200, 0, 0, 4, 300]
    (segments / "mesh/info").write_text(json.dumps({"transform": transform}))
    mesh = get_meshes(segments, [7])[7]
    moved = [(2 * x + 100, 3 * y + 200, 4 * z + 300) for x, y, z in TETRAHEDRON]
    assert corners(mesh.vertices, mesh.faces) == corners(moved, SIDES)


@pytest.mark.usefixtures("segments")
def test_cache_serves_when_the_source_is_gone(web: WebServer, tmp_path: Path) -> None:
    volume = open_volume(f"{web.url}/seg")
    first = get_meshes(volume, [7, BIG])
    asked = len(web.requests)
    again = get_meshes(volume, [7, BIG])
    assert len(web.requests) == asked
    for root_id in (7, BIG):
        np.testing.assert_array_equal(first[root_id].vertices, again[root_id].vertices)
        np.testing.assert_array_equal(first[root_id].faces, again[root_id].faces)
    assert [path.name for path in sorted((tmp_path / "cache/meshes").rglob("*[0-9]"))][-2:] == [
        str(BIG),
        "7",
    ]
    get_meshes(volume, [7], cache=False)
    assert len(web.requests) > asked


@pytest.mark.usefixtures("segments")
def test_cache_is_by_source(web: WebServer, tmp_path: Path) -> None:
    other = write_volume(
        tmp_path / "other",
        WrittenScale(np.ones((16, 16, 4), np.uint64), (8, 8, 42)),
        kind="segmentation",
        mesh="mesh",
    )
    far = np.array(TETRAHEDRON) + 1000
    write_legacy_mesh(other / "mesh", 7, (far, SIDES))
    get_meshes(f"{web.url}/seg", [7])
    mesh = get_meshes(f"{web.url}/other", [7])[7]
    assert corners(mesh.vertices, mesh.faces) == corners(far, SIDES)


@pytest.mark.usefixtures("segments")
@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "swap", "format"])
def test_damaged_cache_file_is_fetched_again(
    web: WebServer, tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    volume = open_volume(f"{web.url}/seg")
    whole = get_meshes(volume, [7, BIG], cache=tmp_path / "kept")
    cache = MeshCache(tmp_path / "kept", volume.source.text)
    content = cache.path(7).read_bytes()
    harmed = {
        "cut": content[:-5],
        "flip": content[:-1] + bytes([content[-1] ^ 1]),
        "empty": b"",
        "swap": cache.path(BIG).read_bytes(),
        "format": content.replace(b"mesh 1", b"mesh 0", 1),
    }[harm]
    cache.path(7).write_bytes(harmed)
    again = get_meshes(volume, [7], cache=tmp_path / "kept")
    np.testing.assert_array_equal(again[7].vertices, whole[7].vertices)
    assert "is damaged and will be fetched again" in caplog.text
    assert cache.path(7).read_bytes() == content, "and is whole now"


def test_write_that_fails_leaves_the_old_file(
    segments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = open_volume(segments).mesh(7)
    cache = MeshCache(tmp_path / "kept", "somewhere")
    cache.write(7, mesh)
    before = cache.path(7).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        cache.write(7, mesh)
    assert cache.path(7).read_bytes() == before
    assert [path.name for path in cache.path(7).parent.iterdir()] == ["7"], "no draft is left"


def test_folder_that_cannot_be_written(segments: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot store meshes"):
        get_meshes(segments, [7], cache=tmp_path / "file")


@pytest.mark.parametrize("change", [{"missing": "drop"}, {"max_workers": 0}])
def test_bad_arguments(segments: Path, change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        get_meshes(segments, [7], **change)


def test_brain_mesh(web: WebServer, segments: Path, tmp_path: Path) -> None:
    (tmp_path / "brain.frag").write_bytes(legacy_bytes(TETRAHEDRON, SIDES))
    for source in (tmp_path / "brain.frag", f"{web.url}/brain.frag", f"{web.url}/seg#7"):
        mesh = read_brain_mesh(source)
        assert corners(mesh.vertices, mesh.faces) == corners(TETRAHEDRON, SIDES)
    with pytest.raises(ImageryNotFoundError):
        read_brain_mesh(f"{web.url}/nothing.frag")
    with pytest.raises(ImageryNotFoundError):
        read_brain_mesh(tmp_path / "nothing.frag")
    with pytest.raises(InputError, match="segment id"):
        read_brain_mesh(f"{segments}#brain")


# Real data -------------------------------------------------------------------------------------


def written_by_hand(pinky40: Path, segment: int) -> tuple[Any, Any]:
    content = read_gzip(pinky40 / f"mesh_mip_2_err_40/{segment}:0:0-256_0-256_0-448.gz")
    (count,) = struct.unpack("<I", content[:4])
    vertices = np.array(struct.unpack(f"<{3 * count}f", content[4 : 4 + 12 * count]))
    faces = np.array(
        struct.unpack(f"<{(len(content) - 4 - 12 * count) // 4}I", content[4 + 12 * count :])
    )
    return vertices.reshape(-1, 3), faces.reshape(-1, 3)


@pytest.mark.parametrize("segment", [25024949, 28792756])
def test_real_meshes_from_disk_and_over_http(pinky40: Path, web: WebServer, segment: int) -> None:
    web.root = pinky40.parent
    vertices, faces = written_by_hand(pinky40, segment)
    for source in (pinky40, f"precomputed://{web.url}/pinky40_precomputed"):
        mesh = get_meshes(source, [segment])[segment]
        np.testing.assert_array_equal(mesh.vertices, vertices)
        np.testing.assert_array_equal(mesh.faces, faces)


def test_real_segmentation_and_mesh_are_at_the_same_place(pinky40: Path, web: WebServer) -> None:
    web.root = pinky40.parent
    segment, nm = 25024949, (32, 32, 40)
    ids = segmentation_image(pinky40, (128, 128, 100), 256, resolution=nm)
    over_http = segmentation_image(
        f"{web.url}/pinky40_precomputed", (128, 128, 100), 256, resolution=nm
    )
    np.testing.assert_array_equal(ids, over_http)
    rows, columns = np.nonzero(ids == segment)
    vertices, _ = written_by_hand(pinky40, segment)
    near = vertices[np.abs(vertices[:, 2] - 100.5 * 40) < 120]
    # The outline of the mesh near the slice is the outline of the segment in it, to some voxels.
    for axis, pixels in ((0, columns), (1, rows)):
        low, high = pixels.min() * 32, (pixels.max() + 1) * 32
        assert abs(near[:, axis].min() - low) < 8 * 32
        assert abs(near[:, axis].max() - high) < 8 * 32


# Graphene --------------------------------------------------------------------------------------

ROOT = (3 << 56) + 5
TOKEN = "0123456789abcdef" * 2


def refuse_others(body: Any) -> Any:
    def answer(request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, b"{}"
        return 200, json.dumps(body).encode()

    return answer


@pytest.fixture
def graphene(web: WebServer, tmp_path: Path) -> str:
    """A chunkedgraph's info, a manifest and two fragments."""
    array = np.arange(16 * 16 * 4, dtype=np.uint64).reshape(16, 16, 4) + (1 << 56)
    folder = write_volume(tmp_path / "data", WrittenScale(array, (8, 8, 42)), kind="segmentation")
    info = json.loads((folder / "info").read_text())
    info |= {
        "data_dir": f"{web.url}/data",
        "mesh": "mesh",
        "graph": {
            "chunk_size": [16, 16, 4],
            "cv_mip": 0,
            "n_bits_for_layer_id": 8,
            "n_layers": 4,
            "spatial_bit_masks": {"1": 8, "2": 8, "3": 8, "4": 8},
        },
        "app": {"supported_api_versions": [0, 1]},
        "chunks_start_at_voxel_offset": False,
        "mesh_metadata": {"uniform_draco_grid_size": 21, "unsharded_mesh_dir": "dynamic"},
    }
    write_legacy_mesh(
        folder / "mesh", ROOT, (TETRAHEDRON, SIDES), (np.array(TETRAHEDRON) + 50, SIDES)
    )
    names = [f"{ROOT}:0:0", f"{ROOT}:0:1"]
    web.answers["segmentation/table/ant/info"] = refuse_others(info)
    manifest = "meshing/api/v1/table/ant/manifest"
    web.answers[f"{manifest}/{ROOT}:0"] = refuse_others({"fragments": names})
    web.answers[f"{manifest}/{ROOT + 1}:0"] = refuse_others({"fragments": []})
    web.answers[f"{manifest}/{ROOT + 2}:0"] = lambda _: (404, b"{}")
    web.answers[f"{manifest}/{ROOT + 3}:0"] = lambda _: (503, b"")
    return f"graphene://{web.url}/segmentation/table/ant"


def test_graphene_mesh(graphene: str, web: WebServer) -> None:
    mesh = get_meshes(graphene, [ROOT], token=TOKEN)[ROOT]
    assert corners(mesh.vertices, mesh.faces) == sorted(
        corners(TETRAHEDRON, SIDES) + corners(np.array(TETRAHEDRON) + 50, SIDES)
    )
    shown = {path.split("/")[0] for path, header in web.requests if header}
    assert shown == {"segmentation", "meshing"}, "the token goes to CAVE alone"


def test_graphene_meshes_that_are_missing(graphene: str) -> None:
    with pytest.raises(MissingMeshError) as caught:
        get_meshes(graphene, [ROOT + 2, ROOT, ROOT + 1], token=TOKEN)
    assert caught.value.root_ids == (ROOT + 2, ROOT + 1)


def test_graphene_mesh_that_lacks_a_fragment(graphene: str, tmp_path: Path) -> None:
    (tmp_path / f"data/mesh/{ROOT}:0:1").unlink()
    with pytest.raises(ImageryNotFoundError, match="lacks 1 of its 2 fragments"):
        open_volume(graphene, TOKEN).mesh(ROOT)


def test_graphene_server_that_fails_is_no_missing_mesh(graphene: str) -> None:
    with pytest.raises(CaveUnavailableError, match="503"):
        get_meshes(graphene, [ROOT, ROOT + 3], token=TOKEN, missing="skip")


@pytest.mark.parametrize("token", [None, "f" * 32])
def test_graphene_without_a_good_token(graphene: str, token: str | None) -> None:
    with pytest.raises(CaveAuthError, match="generate_cave_token") as caught:
        open_volume(graphene, token)
    assert token is None or token not in str(caught.value)


def test_graphene_pictures_are_of_supervoxels_until_named(graphene: str) -> None:
    ids = segmentation_image(graphene, (8, 8, 1), 4, resolution=(8, 8, 42), token=TOKEN)
    array = np.arange(16 * 16 * 4, dtype=np.uint64).reshape(16, 16, 4) + (1 << 56)
    np.testing.assert_array_equal(ids, array[6:10, 6:10, 1].T)
    roots = segmentation_image(
        graphene,
        (8, 8, 1),
        4,
        resolution=(8, 8, 42),
        token=TOKEN,
        to_roots=lambda ids: np.full(len(ids), ROOT, dtype=np.int64),
    )
    assert np.unique(roots).tolist() == [ROOT]
