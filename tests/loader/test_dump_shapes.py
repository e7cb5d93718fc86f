"""The TOML files of the dumps: every published table is recognised by its columns, in any order.

The lists of columns were taken from the publishers' files, not from the TOML files.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from graphapi.errors import SourceSchemaError
from loader.sources import dumps
from loader.sources.rowroles import assign

CAVE = (
    "id,valid,pre_pt_position_x,pre_pt_position_y,pre_pt_position_z,post_pt_position_x,"
    "post_pt_position_y,post_pt_position_z,ctr_pt_position_x,ctr_pt_position_y,ctr_pt_position_z,"
    "size,pre_pt_supervoxel_id,pre_pt_root_id,post_pt_supervoxel_id,post_pt_root_id"
)
AVG = "gaba_avg,ach_avg,glut_avg,oct_avg,ser_avg,da_avg"
#: Columns; family; pre, post, and the weight where there is one.
CONNECTIONS = {
    "pre_root_id,post_root_id,neuropil,syn_count,nt_type": ("Codex", "syn_count"),
    "pre_root_id,post_root_id,neuropil,num_synapses,nt_type": ("Codex", "num_synapses"),
    "pre_x,pre_y,pre_z,ctr_x,ctr_y,ctr_z,post_x,post_y,post_z,size,pre_root_id_720575940,"
    "post_root_id_720575940,neuropil": ("Codex", None),
    "pre_root_id,post_root_id,x,y,z": ("Codex", None),
    f"pre_pt_root_id,post_pt_root_id,neuropil,syn_count,{AVG}": ("FlyWire", "syn_count"),
    "id,pre_pt_root_id,post_pt_root_id,connection_score,cleft_score,gaba,ach,glut,oct,ser,da,"
    "pre_pt_position_x,neuropil": ("FlyWire", None),
    "Presynaptic_ID,Postsynaptic_ID,Presynaptic_Index,Postsynaptic_Index,Connectivity,Excitatory,"
    "Excitatory x Connectivity,__index_level_0__": ("FlyWire", "Connectivity"),
    "body_pre,body_post,weight": ("Janelia", "weight"),
    "body_pre,body_post,weight,type_pre,type_post": ("Janelia", "weight"),
    "x_pre,y_pre,z_pre,body_pre,conf_pre,x_post,y_post,z_post,body_post,conf_post,"
    "primary_post": ("Janelia", None),
    ":START_ID(Body-ID),:END_ID(Body-ID),weightHR:int,weight:int,weightHP:int,roiInfo:string": (
        "Janelia", "weight:int"
    ),
    "bodyId_pre,bodyId_post,weight": ("Janelia", "weight"),
    "bodyId_pre,bodyId_post,roi,weight": ("Janelia", "weight"),
    "pre,post,count,norm,post_count,pre_count": ("BANC", "count"),
    "pre,post,count,norm,total_input": ("BANC", "count"),
    "pre,post,count,norm": ("BANC", "count"),
    "pre,pre_label,post,post_label,count,norm,compartment_input": ("BANC", "count"),
    "pre,post,x,y,z,prepost,syn_top_nt,size,neuropil,label": ("BANC", None),
    CAVE: ("MICrONS", None),
    "pre_pt_root_id,post_pt_root_id,n_syn,sum_size,pre_nuc_id,post_nuc_id": ("MICrONS", "n_syn"),
    "id,location.x,pre_synaptic_site.id,pre_synaptic_site.neuron_id,post_synaptic_partner.id,"
    "post_synaptic_partner.neuron_id,confidence,type": ("H01", None),
    "pre,post,type,synapses": ("C. elegans", "synapses"),
}  # fmt: skip
#: Columns; family; the column of root ids.
ANNOTATIONS = {
    f"root_id,group,nt_type,nt_type_score,{AVG}": ("Codex", "root_id"),
    "root_id,flow,super_class,class,sub_class,hemilineage,side,nerve": ("Codex", "root_id"),
    "root_id,primary_type,additional_type(s)": ("Codex", "root_id"),
    "root_id,connectivity_tag": ("Codex", "root_id"),
    "Root ID,Top in/out region,Community labels,Predicted NT type,Primary Cell Type": (
        "Codex", "Root ID"
    ),
    "column0,Completed": ("FlyWire", "column0"),
    "supervoxel_id,root_id,pos_x,flow,super_class,cell_class,cell_sub_class,supertype,cell_type,"
    "top_nt,top_nt_conf,side": ("FlyWire", "root_id"),
    "bodyId,type,instance": ("Janelia", "bodyId"),
    "body,predicted_nt,predicted_nt_confidence,consensus_nt": ("Janelia", "body"),
    "body,pre,post,downstream,synweight": ("Janelia", "body"),
    "bodyId:long,type:string,instance:string": ("Janelia", "bodyId:long"),
    "banc_888_id,root_id,side,cell_type,super_class,fafb_cell_type": ("BANC", "banc_888_id"),
    "fafb_783_id,region,side,super_class,cell_class,cell_type": ("BANC", "fafb_783_id"),
    "malecns_09_id,region,side,super_class,cell_class,cell_type": ("BANC", "malecns_09_id"),
    "pt_root_id,cell_type,side": ("BANC", "pt_root_id"),
    "left_id,right_id,celltype,additional_annotations": ("Drosophila larva", "left_id"),
}  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("columns", CONNECTIONS)
def test_connections_are_recognised(columns, turned):
    family, weight = CONNECTIONS[columns]
    names = columns.split(",")[:: -1 if turned else 1]
    roles = assign(dict.fromkeys(names, "BIGINT"), {}, "'x'")
    assert roles.shape is not None
    assert roles.shape.family.startswith(family)
    assert roles.columns.get("weight") == weight
    assert (roles.rows == "pairs") == (weight is not None)
    assert "pre" in roles.columns["pre"].lower() or "START" in roles.columns["pre"]
    assert "post" in roles.columns["post"].lower() or "END" in roles.columns["post"]


@pytest.mark.parametrize("columns", ANNOTATIONS)
def test_annotations_are_recognised(columns):
    family, root_id = ANNOTATIONS[columns]
    names = columns.split(",")
    shape = dumps.recognise(names, "annotations", "'x'")
    assert shape is not None
    assert shape.family.startswith(family)
    assert dumps.find(shape.root_id, names) == root_id


def test_an_ordinary_column_of_ids_is_no_name_of_a_data_set():
    columns = ["root_id", "supervoxel_id", "nucleus_id", "cell_type", "super_class", "side"]
    assert dumps.recognise(columns, "annotations", "'x'") is None


def test_every_shape_is_tried():
    tried = {
        id(dumps.recognise(columns.split(","), kind, "'x'"))
        for kind, known in (("connections", CONNECTIONS), ("annotations", ANNOTATIONS))
        for columns in known
    }
    listed = [shape for shapes in dumps.shapes().values() for shape in shapes]
    assert [f"{s.family}: {s.what}" for s in listed if id(s) not in tried] == []


def test_a_family_says_where_it_is_from_and_whom_to_cite():
    for shape in (s for shapes in dumps.shapes().values() for s in shapes):
        assert shape.source
        assert "doi" in shape.citation or shape.family.startswith("Janelia")
        assert shape.licence


def test_two_shapes_with_an_equal_claim_are_refused(monkeypatch):
    one = dumps.Shape(
        "A", "a", ("pre", "post", "n"), rows="pairs", roles={"pre": "pre", "post": "post"}
    )
    two = dumps.Shape(
        "B", "b", ("pre", "post", "n"), rows="pairs", roles={"pre": "post", "post": "pre"}
    )
    monkeypatch.setattr(dumps, "shapes", lambda: {"connections": (one, two)})
    with pytest.raises(SourceSchemaError, match="one of several things: A: a; B: b"):
        dumps.recognise(["post", "n", "pre"], "connections", "'x'")


def test_the_files_are_toml_with_known_keys_only():
    folder = files("loader.sources.dumps")
    names = [item.name for item in folder.iterdir() if item.name.endswith(".toml")]
    assert len(names) >= 8
    for name in names:
        assert tomllib.loads((folder / name).read_text("utf-8"))["name"]
    with pytest.raises(SourceSchemaError, match="unknown keys"):
        dumps._shape({"name": "", "source": "", "citation": "", "licence": ""}, {"wat": 1}, "x")
