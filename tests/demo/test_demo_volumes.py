"""The image and the meshes, read back by cloud-volume from the folder."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

cloudvolume = pytest.importorskip("cloudvolume")


@pytest.fixture
def volume(demo, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))

    def opened(name, **options):
        path = f"precomputed://file://{demo.folder}/volumes/{name}"
        return cloudvolume.CloudVolume(path, progress=False, **options)

    return opened


def _mesh(volume, segment):
    found = volume.mesh.get(segment)
    return found[segment] if isinstance(found, dict) else found


def _largest_outputs(demo, count):
    rows = demo.synapses
    mine = rows[rows.pre_pt_root_id.isin(demo.projection_neurons("right")[:3])]
    return mine.nlargest(count, "size")


def test_image_covers_the_brain_in_viewer_voxels(demo, volume):
    image = volume("em")
    assert image.dtype == "uint8"
    assert image.resolution.tolist() == demo.record["viewer_resolution"] == [8, 8, 42]
    positions = np.stack(demo.synapses.ctr_pt_position.to_numpy())
    assert (positions >= 0).all()
    assert (positions < np.array(image.bounds.maxpt)).all()


@pytest.mark.parametrize("rank", [0, 1, 2, 30])
def test_cut_outs_at_the_largest_synapses_are_whole(demo, volume, rank):
    x, y, z = _largest_outputs(demo, 31).ctr_pt_position.iloc[rank]
    # fill_missing is off: a missing chunk would raise.
    cut = volume("em", fill_missing=False)[x - 250 : x + 250, y - 250 : y + 250, z]
    picture = np.asarray(cut).squeeze()
    assert picture.shape == (500, 500)
    assert picture.std() > 20
    around = picture[220:280, 220:280].mean()
    assert around < picture[:60, :60].mean()


def test_every_annotated_neuron_has_a_mesh(demo, volume):
    segmentation = volume("seg")
    roots = demo.annotations.now[demo.annotations.now > 0].unique()
    folder = demo.folder / "volumes" / "seg" / "mesh"
    assert all((folder / f"{root}:0").exists() for root in roots)
    for root in roots[::60]:
        mesh = _mesh(segmentation, int(root))
        assert 300 <= len(mesh.vertices) <= 6000
        assert mesh.faces.max() == len(mesh.vertices) - 1


def test_synapses_lie_on_the_mesh_of_pre_or_else_post(demo, volume):
    segmentation, rows = volume("seg"), demo.synapses
    meshed = set(demo.annotations.now)
    central = sorted(set(demo.central_complex.now))
    for root in (*central[::80], *demo.projection_neurons("right")[:3]):
        outputs = rows[rows.pre_pt_root_id == root]
        bare = ~rows.pre_pt_root_id.isin(meshed)
        inputs = rows[(rows.post_pt_root_id == root) & bare]
        tree = cKDTree(_mesh(segmentation, root).vertices)
        for found in (outputs, inputs):
            points = np.stack(found.ctr_pt_position.to_numpy()) * [8, 8, 42]
            gaps, _ = tree.query(points)
            assert gaps.max() < 2600  # vertices are up to 2.5 um apart along a branch
            assert np.median(gaps) < 900


def test_brain_surface_is_closed_and_holds_everything(demo, volume):
    shell = _mesh(volume("brain"), 1)
    edges = np.sort(shell.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, uses = np.unique(edges, axis=0, return_counts=True)
    assert (uses == 2).all()
    points = np.stack(demo.table("nuclei").pt_position.to_numpy()) * [8, 8, 42]
    points = np.concatenate(
        [points, np.stack(demo.synapses.ctr_pt_position.to_numpy())[::20] * [8, 8, 42]]
    )
    centre = np.array([180_000.0, 176_000.0, 128_000.0])
    rays, reach = _split(shell.vertices - centre)
    towards, depth = _split(points - centre)
    _, nearest = cKDTree(rays).query(towards)
    assert (depth <= reach[nearest] + 4_000).mean() > 0.999


def _split(vectors):
    lengths = np.linalg.norm(vectors, axis=1)
    return vectors / lengths[:, None], lengths


def test_ring_columns_and_bridge_cells_look_different(demo, volume):
    segmentation, rows = volume("seg"), demo.central_complex.drop_duplicates("now")
    width = {}
    for name in ("EBc", "PBt"):
        roots = rows[rows.cell_class == name].now.tolist()[::8]
        spans = [np.ptp(_mesh(segmentation, root).vertices[:, 0]) for root in roots]
        width[name] = np.median(spans)
    assert width["PBt"] > 1.4 * width["EBc"]


def test_segmentation_has_the_supervoxels_of_the_synapses_in_the_image(demo, volume) -> None:
    segmentation = volume("seg")
    folder = demo.folder / "volumes"
    stored = {path.name.removesuffix(".gz") for path in (folder / "em" / "8_8_42").iterdir()}
    boxes = [[tuple(map(int, p.split("-"))) for p in name.split("_")] for name in stored]
    rows = demo.synapses
    seen = right = 0
    for row in rows[rows["size"] >= 100].itertuples():
        if not any(
            all(
                low + 20 <= v < high - 20
                for v, (low, high) in zip(row.ctr_pt_position[:2], box[:2], strict=True)
            )
            and box[2][0] <= row.ctr_pt_position[2] < box[2][1]
            for box in boxes
        ):
            continue
        for position, supervoxel in (
            (row.pre_pt_position, row.pre_pt_supervoxel_id),
            (row.post_pt_position, row.post_pt_supervoxel_id),
        ):
            x, y, z = (int(v) // f for v, f in zip(position, (2, 2, 1), strict=True))
            if not any(b[2][0] <= z < b[2][1] for b in boxes):
                continue
            found = int(segmentation[x : x + 1, y : y + 1, z : z + 1].item())
            seen += 1
            right += found == supervoxel
    assert seen > 30
    assert right == seen, f"{right} of {seen}"
