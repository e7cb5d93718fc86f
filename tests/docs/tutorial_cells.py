"""The tutorial's questions as a notebook of our own words; `tutorial_notebook.py` runs it."""

from __future__ import annotations

#: Pairs of kind (`text` or `code`) and content.
CELLS: list[tuple[str, str]] = [
    (
        "text",
        "# The connectivity of a brain, question by question\n\n"
        "This notebook asks a graph the questions of CRANTpy's connectivity tutorial. The brain is the "
        "demo's: **synthetic**, made by a program to match the tutorial's published counts. Run "
        "`cavegraph demo` once, and keep `cavegraph serve-demo` running for what comes from CAVE.",
    ),
    (
        "code",
        "import matplotlib.pyplot as plt\n"
        "import graphapi as cp\n\n"
        'cp.set_logging_level("WARNING")\n'
        "cp.default_connectome()",
    ),
    (
        "text",
        "## The CAVE client\n\nThis is the real client, set to the graph's version, for anything that cavegraph lacks.",
    ),
    (
        "code",
        "client = cp.get_cave_client()\nprint(client.datastack_name, client.materialize.version)",
    ),
    (
        "text",
        "## Synapses\n\nRaw rows come from CAVE, and always completely, whatever the server's row limit. "
        "`threshold` applies to each ordered pair, after `min_size`.",
    ),
    (
        "code",
        'opn = cp.NeuronCriteria(cell_class="olfactory_projection_neuron", side="right", tract="mALT")\n'
        "sample = opn.get_roots()[:3]\n"
        'print(len(opn), "right mALT projection neurons; three of them:", sample)\n'
        "synapses = cp.get_synapses(pre_ids=sample, threshold=3, min_size=10)\n"
        'synapses = synapses.sort_values("size", ascending=False)\n'
        'synapses.groupby("pre_pt_root_id").size().reset_index(name="num_synapses")',
    ),
    ("code", "cp.plot_synapse_sizes(sample, threshold=3, min_size=10)\nplt.show()"),
    ("text", "The three largest synapses in EM, with their pre and post sites marked:"),
    (
        "code",
        "cp.plot_synapses_in_em(synapses=synapses, size=240, overlay=True)\nplt.show()",
    ),
    ("text", "## Adjacency\n\nRows are presynaptic, columns postsynaptic."),
    (
        "code",
        "inputs = cp.get_adjacency(post_ids=opn.get_roots()[:5], threshold=3)\n"
        'print("shape", inputs.shape)\n'
        "cp.plot_adjacency(post_ids=opn.get_roots()[:5], threshold=3)\n"
        "plt.show()",
    ),
    ("text", "The central complex, by class:"),
    (
        "code",
        'cx = cp.NeuronCriteria(cell_class=["EBc", "ER", "FBt", "PBt"], region="CX")\n'
        'print(len(cx), "neurons")\n'
        "rows = cp.get_annotations(cx)\n"
        'rows["cell_class"].value_counts().reset_index()',
    ),
    (
        "code",
        'cp.plot_adjacency(cx, cx, threshold=3, symmetric=True, by="cell_class", log=True)\n'
        "plt.show()",
    ),
    ("text", "EBc and PBt are connected. Here they are in the brain:"),
    (
        "code",
        'pair = cp.NeuronCriteria(cell_class=["EBc", "PBt"], region="CX")\n'
        'plotter = cp.get_brain_mesh_scene(pair, by="cell_class")\n'
        "plotter.window_size = (900, 600)\n"
        "plotter.zoom_camera(1.8)\n"
        "plotter.show()",
    ),
    ("text", "## Connectivity of one neuron"),
    (
        "code",
        "downstream = cp.get_connectivity(576460752732847432, upstream=False, threshold=5)\n"
        "downstream",
    ),
    (
        "code",
        'cp.plot_partner_classes(576460752732847432, "downstream", threshold=5)\nplt.show()',
    ),
    (
        "text",
        "## Counts\n\n`pre` and `post` are CRANTpy's names for numbers of *partners*: `pre` counts those for "
        "which the neuron is presynaptic. Its tutorial labels them the wrong way round. The other columns "
        "are unambiguous.",
    ),
    (
        "code",
        'left = cp.NeuronCriteria(cell_class="olfactory_projection_neuron", side="left", tract="mALT")\n'
        "counts = cp.get_synapse_counts(left.get_roots()[:3], threshold=5)\n"
        "counts",
    ),
    ("code", "cp.plot_synapse_counts(left.get_roots()[:3], threshold=5)\nplt.show()"),
    ("text", "## Paths, which synapse rows cannot answer in one request"),
    (
        "code",
        'ring = cp.NeuronCriteria(cell_class="ER").get_roots()[:3]\n'
        "cp.get_strongest_paths(ring, 576460752732847432, max_hops=3, threshold=3)",
    ),
]
