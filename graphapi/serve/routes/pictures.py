"""Drawings and matrices as numbers, and scenes and EM images."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import Response

from graphapi.common.palette import UNKNOWN, UNKNOWN_COLOR
from graphapi.errors import InputError
from graphapi.graph.results import Adjacency
from graphapi.serve import ascypher
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.astext import command, end_options, python_call
from graphapi.serve.desk import Question
from graphapi.serve.layout import force_layout, layered_layout
from graphapi.serve.routes.common import class_colors, grouping, neurons_of, threshold_of
from graphapi.serve.tables import table_json

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given

#: Most neurons of a drawing, and of a side of a matrix.
MOST_DRAWN, MOST_SIDE = 1500, 5000
#: Most neurons that are clustered: it takes time and memory with their square.
_MOST_CLUSTERED = 3000
_MOST_IN_SCENE = 100
#: A page of a scene has its script within it; a sandbox keeps it from everything else.
_SCENE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def subgraph(desk: Desk, given: Given) -> Answer:
    """Return the circuit of some neurons: nodes with places and colours, and edges."""
    import pandas as pd

    connectome, threshold = desk.connectome, threshold_of(given)
    chosen, grow = given.neurons(connectome), given.whole("grow", 0, most=3)
    by = grouping(connectome, given)
    arranged = given.choice("layout", ("force", "layered"), "force")
    part = connectome.get_subgraph(chosen.value, grow, threshold, form="sparse")
    ids = part.pre_ids
    if len(ids) > MOST_DRAWN:
        raise InputError(
            f"the drawing would have {len(ids):,} neurons, more than {MOST_DRAWN:,}",
            hint="choose fewer neurons, a higher threshold, or less grow",
        )
    found = part.connections
    rows, columns = ids.searchsorted(found.pre), ids.searchsorted(found.post)
    asked = connectome.get_neurons(chosen.value)["root_id"]
    given_here = np.isin(ids, asked)
    if arranged == "force":
        places = force_layout(len(ids), rows, columns, found.weight, seed=given.whole("seed", 0))
    else:
        places = layered_layout(len(ids), rows, columns, np.flatnonzero(given_here))
    neurons = neurons_of(connectome, ids)
    classes, shades = _classes(neurons, by), class_colors(connectome, by)
    nodes = pd.DataFrame(
        {
            "root_id": ids,
            "x": places[:, 0],
            "y": places[:, 1],
            "class": classes,
            "color": [shades.get(one, UNKNOWN_COLOR) for one in classes],
            "given": given_here,
        }
    )
    edges = pd.DataFrame({"pre": found.pre, "post": found.post, "weight": found.weight})
    tables = {"nodes": nodes, "neurons": neurons, "edges": edges}
    said = {"by": by, **{name: table_json(frame) for name, frame in tables.items()}}
    members = ids.tolist()
    shown = Shown(
        python_call(connectome, "get_subgraph", _0=chosen, grow=grow, threshold=threshold),
        ascypher.connections(ascypher.Between(connectome, (members, members), threshold)),
        command(connectome, "subgraph", chosen, ["--grow", grow, "-t", threshold]),
    )
    return Answer(values=said, shown=shown, attrs=part.attrs)


def _classes(neurons: pd.DataFrame, by: str | None) -> list[str]:
    """Return the class of each neuron; `Unknown` where it has none."""
    if by is None:
        return [UNKNOWN] * len(neurons)
    values = neurons[by].tolist()
    return [one if isinstance(one, str) and one.strip() else UNKNOWN for one in values]


def matrix(desk: Desk, given: Given) -> Answer:
    """Return the weights between two sets of neurons, in the order to draw them."""
    import pandas as pd

    connectome, threshold = desk.connectome, threshold_of(given)
    pre = given.neurons(connectome, "pre")
    post = given.neurons_or_all(connectome, "post") or pre
    by = grouping(connectome, given)
    order = given.choice("order", ("id", "class", "clustered", "strongest"), "id")
    found = connectome.get_adjacency(pre.value, post.value, threshold, form="sparse")
    assert isinstance(found, Adjacency)  # noqa: S101  (that is what form='sparse' gives)
    largest = max(len(found.pre_ids), len(found.post_ids))
    most = _MOST_CLUSTERED if order == "clustered" else MOST_SIDE
    if largest > most:
        raise InputError(
            f"the matrix would have {largest:,} neurons on a side, more than {most:,}",
            hint="choose fewer neurons, or download connections as Parquet",
        )
    sides = {}
    for name, ids in (("pre", found.pre_ids), ("post", found.post_ids)):
        neurons = neurons_of(connectome, ids)
        sides[name] = (ids, _classes(neurons, by), _order(found, name, order, neurons, by))
    shades = class_colors(connectome, by)
    said: dict[str, Any] = {"by": by, "order": order}
    places = {}
    for name, (ids, classes, at) in sides.items():
        said[name] = [
            {"id": str(ids[i]), "class": classes[i], "color": shades.get(classes[i], UNKNOWN_COLOR)}
            for i in at.tolist()
        ]
        places[name] = np.empty(len(ids), dtype=np.int64)
        places[name][at] = np.arange(len(ids))
    cells = found.connections
    frame = pd.DataFrame(
        {
            "row": places["pre"][found.pre_ids.searchsorted(cells.pre)],
            "column": places["post"][found.post_ids.searchsorted(cells.post)],
            "pre": cells.pre,
            "post": cells.post,
            "weight": cells.weight,
        }
    )
    frame.attrs = found.attrs
    ends = (found.pre_ids.tolist(), found.post_ids.tolist())
    shown = Shown(
        python_call(connectome, "get_adjacency", _0=pre, _1=post, threshold=threshold),
        ascypher.connections(ascypher.Between(connectome, ends, threshold)),
        command(connectome, "adjacency", pre, end_options(post, "--to"), "-t", threshold),
    )
    return Answer(frame, said, shown)


def _order(
    found: Adjacency, side: str, order: str, neurons: pd.DataFrame, by: str | None
) -> npt.NDArray[np.int64]:
    """Return the neurons of a side by position, in the order to draw them."""
    count = len(neurons)
    if order == "class":
        classes = _classes(neurons, by)
        return np.array(sorted(range(count), key=lambda i: (classes[i], i)), dtype=np.int64)
    if order == "id" or count < 2:
        return np.arange(count)
    weights = found.to_sparse() if side == "pre" else found.to_sparse().T.tocsr()
    if order == "strongest":
        return np.argsort(-np.asarray(weights.sum(axis=1)).ravel(), kind="stable")
    return _clustered(weights)


def _clustered(weights: Any) -> npt.NDArray[np.int64]:
    """Order rows so that similar ones are neighbours; rows without a weight come last."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    values = np.log1p(weights.toarray().astype(float))
    length = np.linalg.norm(values, axis=1)
    full = np.flatnonzero(length)
    empty = np.flatnonzero(length == 0)
    if len(full) < 3:
        return np.concatenate([full, empty])
    tree = linkage(values[full] / length[full, None], method="average", optimal_ordering=False)
    return np.concatenate([full[leaves_list(tree)], empty])


def scene(desk: Desk, given: Given) -> Answer:
    """Return a page with the meshes of neurons, for an `<iframe>`."""
    from graphapi.imagery.scene_page import scene_page

    connectome, chosen = desk.connectome, given.neurons(desk.connectome)
    ids = connectome.get_neurons(chosen.value)["root_id"].tolist()
    if len(ids) > _MOST_IN_SCENE:
        raise InputError(f"neurons: {len(ids):,} are too many for a scene", hint="at most 100")
    by = grouping(connectome, given) if given.has("by") else None
    plotter = connectome.get_brain_mesh_scene(
        ids, by=by, backend="none", omit_failures=True, progress=False
    )
    try:
        page = scene_page(plotter).page
    finally:
        plotter.close()
    headers = {"content-security-policy": _SCENE_POLICY, "x-frame-options": "SAMEORIGIN"}
    return Answer(content=Response(page, 200, headers, "text/html"))


def em(desk: Desk, given: Given) -> Answer:
    """Return an EM image as PNG."""
    x, y, z = (given.whole(name, -1) for name in ("x", "y", "z"))
    if min(x, y, z) < 0:
        raise InputError("x, y and z are needed, in voxels")
    size = given.whole("size", 512, least=16, most=2048)
    plane = given.choice("plane", ("xy", "xz", "yz"), "xy")
    picture = desk.connectome.plot_em_image(
        x, y, z, size, plane=plane, fill_missing=given.flag("fill_missing")
    )
    return Answer(content=Response(png(picture), 200, None, "image/png"))


def png(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return a grey picture as a PNG file."""
    from PIL import Image

    written = io.BytesIO()
    Image.fromarray(picture).save(written, "PNG")
    return written.getvalue()


QUESTIONS = [
    Question(
        "/api/v1/subgraph",
        subgraph,
        ("neurons", "regex", "grow", "threshold", "by", "layout", "seed"),
    ),
    Question("/api/v1/matrix", matrix, ("pre", "post", "regex", "threshold", "by", "order")),
    Question("/api/v1/scene", scene, ("neurons", "regex", "by")),
    Question("/api/v1/em", em, ("x", "y", "z", "size", "plane", "fill_missing")),
]
