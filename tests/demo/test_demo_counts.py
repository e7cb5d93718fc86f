"""What the tutorial prints, counted from the written tables with pandas alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

SAMPLE = 576460752732847432
TUTORIAL_COLUMNS = {
    "id", "created", "superceded_id", "valid", "size", "pre_pt_supervoxel_id", "pre_pt_root_id",
    "post_pt_supervoxel_id", "post_pt_root_id", "pre_pt_position", "post_pt_position",
    "ctr_pt_position",
}  # fmt: skip
FIELDS = [
    "root_id",
    "root_id_processed",
    "supervoxel_id",
    "position",
    "nucleus_id",
    "nucleus_position",
    "root_position",
    "cave_table",
    "proofread",
    "status",
    "region",
    "proofreader_notes",
    "side",
    "nerve",
    "tract",
    "hemilineage",
    "flow",
    "super_class",
    "cell_class",
    "cell_type",
    "cell_subtype",
    "cell_instance",
    "known_nt",
    "known_nt_source",
    "alternative_names",
    "annotator_notes",
    "user_annotator",
    "user_proofreader",
    "ngl_link",
    "date_proofread",
]


def test_synapse_columns_are_the_tutorials(demo):
    assert set(demo.synapses.columns) == TUTORIAL_COLUMNS
    real = Path(__file__).parents[2] / "../shared/data/cave_samples/synapses_kronauer_ant.parquet"
    if real.exists():
        sample = pd.read_parquet(real).drop(columns="source")
        assert list(demo.synapses.columns) == list(sample.columns)
        assert demo.synapses["size"].dtype == sample["size"].dtype


def test_datastack_says_that_it_is_synthetic(demo):
    assert demo.record["synthetic"] is True
    assert "Synthetic" in demo.record["description"]
    assert "Synthetic" in (demo.folder / "annotations.README.md").read_text()


def test_right_projection_neurons_and_their_outputs(either):
    roots = either.projection_neurons("right")
    assert len(roots) == 34
    rows = either.synapses
    rows = rows[rows.pre_pt_root_id.isin(roots[:3]) & (rows["size"] >= 10)]
    rows = rows[(rows.pre_pt_root_id != rows.post_pt_root_id) & (rows.post_pt_root_id > 1)]
    pair = rows.groupby(["pre_pt_root_id", "post_pt_root_id"])["id"].transform("size")
    assert rows[pair >= 3].groupby("pre_pt_root_id").size().tolist() == [801, 582, 1615]


def test_inputs_of_five_right_projection_neurons(either):
    sampled = either.projection_neurons("right")[:5]
    strong = either.weights[either.weights.post.isin(sampled) & (either.weights.weight >= 3)]
    assert strong.pre.nunique() == 124
    inputs = [set(strong[strong.post == root].pre) for root in sampled]
    shared = {(i, j): len(inputs[i] & inputs[j]) for i in range(5) for j in range(i)}
    assert max(shared, key=shared.get) == (3, 1)
    assert shared.pop((3, 1)) >= 27
    assert max(shared.values()) < 20


def test_central_complex_rows_and_roots(either):
    rows = either.central_complex
    assert rows.now.nunique() == 333
    assert rows.cell_class.value_counts().to_dict() == {"ER": 137, "FBt": 91, "PBt": 64, "EBc": 47}
    by_root = rows.groupby("now").cell_class
    assert (by_root.size() == 2).sum() == 6
    assert (by_root.nunique() == 2).sum() == 3


def test_bridge_and_ellipsoid_body_are_connected(either):
    rows = either.central_complex.drop_duplicates("now")
    of = rows.set_index("now").cell_class
    inside = either.weights[either.weights.pre.isin(of.index) & either.weights.post.isin(of.index)]
    inside = inside[inside.weight >= 3]
    total = inside.groupby([inside.pre.map(of), inside.post.map(of)]).weight.sum()
    size = of.value_counts()
    density = {pair: total[pair] / (size[pair[0]] * size[pair[1]]) for pair in total.index}
    assert max(density, key=density.get) == ("PBt", "EBc")
    assert density["EBc", "PBt"] > 5 * density.get(("FBt", "EBc"), 0)


def test_sample_neuron_has_180_partners_of_one_class_each(either):
    rows = either.annotations
    assert rows[rows.now == SAMPLE].cell_class.tolist() == ["PBt"]
    assert (rows.root_id == str(SAMPLE)).sum() == 1
    partners = either.weights[(either.weights.pre == SAMPLE) & (either.weights.weight >= 5)]
    assert len(partners) == 180
    assert partners.weight.nlargest(5).tolist() == [40, 33, 30, 28, 27]
    classes = rows[rows.now.isin(partners.post)]
    assert classes.now.is_unique
    assert classes.cell_class.value_counts().to_dict() == {
        "EBc": 38, "PBt": 14, "FBc": 10, "ER": 6, "FBt": 6,
    }  # fmt: skip


def test_left_projection_neurons_partner_counts(either):
    roots = either.projection_neurons("left")
    assert len(roots) == 30
    strong = either.weights[either.weights.weight >= 5]
    counts = [((strong.pre == root).sum(), (strong.post == root).sum()) for root in roots[:3]]
    assert counts == [(25, 13), (31, 3), (23, 19)]


def test_size_of_the_whole(either):
    rows = either.synapses
    assert 250_000 <= len(rows) <= 400_000
    assert rows["id"].is_unique
    assert rows["size"].between(5, 400).mean() > 0.95
    assert rows["size"].skew() > 2
    assert either.weights.weight.skew() > 5
    pre, post = rows.pre_pt_root_id, rows.post_pt_root_id
    assert ((pre == post) & (pre > 1)).sum() >= 1000
    assert ((pre == 0) ^ (post == 0)).sum() >= 1000
    assert ((pre == 1) | (post == 1)).sum() >= 100
    everyone = set(either.weights.pre) | set(either.weights.post)
    assert len(everyone - set(either.annotations.now)) >= 5000


def test_demo_takes_little_space_on_disk(demo):
    sizes = [path.stat().st_size for path in demo.folder.rglob("*") if path.is_file()]
    assert 10e6 < sum(sizes) < 150e6


def test_annotations_are_the_same_in_both_forms(demo):
    rows = pd.read_parquet(demo.folder / "annotations.parquet")
    text = pd.read_csv(demo.folder / "annotations.csv", dtype=str, keep_default_na=False)
    assert list(rows.columns) == list(text.columns) == FIELDS
    for name in ("status", "region", "user_annotator", "user_proofreader"):
        assert text[name].tolist() == ["" if v is None else ",".join(v) for v in rows[name]]
    for name in ("root_id", "supervoxel_id", "nucleus_id", "position", "cell_class", "cell_type"):
        assert text[name].tolist() == rows[name].fillna("").tolist()


def test_a_changed_seed_changes_the_brain(demo, other_seed):
    assert set(demo.projection_neurons("right")).isdisjoint(other_seed.projection_neurons("right"))


@pytest.mark.parametrize("name", ["nuclei", "backbone_proofread"])
def test_small_tables_name_neurons_of_the_synapse_table(demo, name):
    rows = demo.table(name)
    known = set(demo.synapses.pre_pt_root_id) | set(demo.synapses.post_pt_root_id)
    assert rows.pt_root_id.isin(known).mean() > 0.98
    assert rows["id"].is_unique
