"""A CAVE view of connections as the source, and conditions on synapse rows of CAVE."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import readback

from graphapi.errors import CavegraphError, InputError, SourceSchemaError, TableNotFoundError
from loader import CaveSource, load
from loader.sandbox.standin import Version, serve, write_folder

BASE = 864691135000000000
THEN = datetime(2024, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
VIEW = "connections_with_nuclei"


def synapses() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    roots = np.array([0, 1, *(BASE + np.arange(12))])
    # One neuron has more partners than the server has rows for an answer.
    pre = np.concatenate([rng.choice(roots, 400), np.full(60, BASE + 3)])
    post = np.concatenate([rng.choice(roots, 400), BASE + 100 + np.arange(60)])
    return pd.DataFrame(
        {
            "id": np.arange(1, 461) * 3,
            "pre_pt_root_id": pre,
            "post_pt_root_id": post,
            "size": rng.integers(1, 90, 460),
            "score": rng.integers(0, 100, 460),
        }
    )


def view_of(rows: pd.DataFrame) -> pd.DataFrame:
    summed = rows.groupby(["pre_pt_root_id", "post_pt_root_id"], as_index=False).agg(
        n_syn=("size", "size"), sum_size=("size", "sum")
    )
    summed["pre_nuc_id"] = (summed["pre_pt_root_id"] % 97).astype("Int64")
    summed["post_nuc_id"] = pd.array([pd.NA] * len(summed), "Int64")
    again = summed[summed["pre_pt_root_id"] == BASE + 5].assign(pre_nuc_id=9999)
    return pd.concat([summed, again])  # a neuron of two nuclei: each connection twice


def weights(rows: pd.DataFrame) -> dict[tuple[int, int], int]:
    ends = rows[(rows.pre_pt_root_id > 1) & (rows.post_pt_root_id > 1)]
    ends = ends[ends.pre_pt_root_id != ends.post_pt_root_id]
    counted = ends.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()
    return {(int(a), int(b)): int(n) for (a, b), n in counted.items()}


def found(place: Path) -> dict[tuple[int, int], int]:
    rows = readback.ask(
        place,
        "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
        "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS n",
    )
    return {(r["pre"], r["post"]): r["n"] for r in rows}


def served(folder: Path, view: pd.DataFrame | None = None) -> Path:
    return write_folder(
        folder / "served",
        {"synapses": synapses()},
        datastack="toy_stack",
        versions=[Version(number=4, timestamp=THEN, is_merged=True)],
        views={VIEW: view_of(synapses()) if view is None else view},
        synapse_table="synapses",
    )


def source(server: Any, **more: Any) -> CaveSource:
    return CaveSource(server.datastack, server=server.url, token="0" * 32, **more)


@pytest.mark.parametrize("limit", [82, 200_000])  # 246 rows: three times 82
def test_a_view_of_connections_loads_as_its_synapses_do(tmp_path, limit):
    place = tmp_path / "g.lbug"
    with serve(served(tmp_path), row_limit=limit) as server:
        made = source(server, connections_view=VIEW)
        report = load(made, place, work=tmp_path / "w", progress=False)
    assert found(place) == weights(synapses())
    view = view_of(synapses())
    assert report.counts["rows"] == len(view)
    assert report.counts["rows_repeated"] == int((view["pre_nuc_id"] == 9999).sum()) > 0
    assert report.compared > 5
    assert report.record.reading["connections"]["table"] == VIEW
    assert report.record.reading["connections"]["not_used"] == ["pre_nuc_id", "post_nuc_id"]
    assert "for another nucleus" in str(report)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.assign(n_syn=v.n_syn + (v.pre_nuc_id == 9999)),  # weights of one pair differ
        lambda v: v.assign(region="A"),  # rows may be of regions
        lambda v: v.rename(columns={"n_syn": "many"}),
        lambda v: v.assign(synapses=v.n_syn),
        lambda v: v.assign(n_syn=v.n_syn * 1.5),
        lambda v: v.drop(columns=["post_pt_root_id"]),
    ],
)
def test_a_view_that_may_be_read_in_two_ways_is_refused(tmp_path, change):
    with serve(served(tmp_path, change(view_of(synapses())))) as server:
        made = source(server, connections_view=VIEW)
        with pytest.raises(CavegraphError):
            load(made, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert not (tmp_path / "g.lbug").exists()


def test_names_of_views_and_tables_are_told_apart(tmp_path):
    with serve(served(tmp_path)) as server:
        with pytest.raises(TableNotFoundError) as caught:
            load(source(server, connections_view="nope"), tmp_path / "g", work=tmp_path / "w")
        assert VIEW in str(caught.value.hint)
        with pytest.raises(TableNotFoundError, match="is a view") as caught:
            load(source(server, annotations=[VIEW]), tmp_path / "g", work=tmp_path / "v")
        assert "--connections-view" in str(caught.value.hint)
        with pytest.raises(InputError, match="--keep"):
            load(
                source(server, connections_view=VIEW, keep=["score>1"]),
                tmp_path / "g",
                work=tmp_path / "u",
            )


@pytest.mark.parametrize("limit", [60, 200_000])
def test_rows_of_cave_are_kept_before_they_are_summed(tmp_path, limit):
    place = tmp_path / "g.lbug"
    rows = synapses()
    with serve(served(tmp_path), row_limit=limit) as server:
        made = source(server, keep=["score>=50", "size!=7"])
        report = load(made, place, work=tmp_path / "w", progress=False)
        kept = rows[(rows.score >= 50) & (rows["size"] != 7)]
        assert found(place) == weights(kept)
        assert report.counts["rows"] == len(rows)
        assert report.counts["rows_filtered"] == len(rows) - len(kept)
        assert report.compared > 5
        assert report.record.reading["connections"]["keep"] == ["score>=50", "size!=7"]
        for wrong in ("score>=1000", "nope=1"):
            with pytest.raises(SourceSchemaError):
                load(source(server, keep=[wrong]), tmp_path / "h", work=tmp_path / wrong[:4])


def test_only_chosen_neurons_of_cave_are_loaded(tmp_path):
    place = tmp_path / "g.lbug"
    chosen = [BASE + n for n in range(5)]
    listed = tmp_path / "ids.csv"
    listed.write_text("root_id\n" + "\n".join(map(str, chosen)))
    with serve(served(tmp_path), row_limit=30) as server:
        report = load(source(server), place, only=listed, work=tmp_path / "w", progress=False)
    right = {p: n for p, n in weights(synapses()).items() if set(p) <= set(chosen)}
    assert found(place) == right
    assert report.counts["rows_outside"] > 0


def test_a_view_is_loaded_as_annotations_the_way_that_the_error_says(tmp_path):
    from caveclient import CAVEclient

    roots = BASE + np.arange(12)
    kinds = [f"type {number % 3}" for number in range(12)]
    cells = pd.DataFrame({"pt_root_id": roots, "cell_type": kinds, "n_soma": 1})
    folder = write_folder(
        tmp_path / "served",
        {"synapses": synapses()},
        datastack="toy_stack",
        versions=[Version(number=4, timestamp=THEN, is_merged=True)],
        views={"cells": cells},
        synapse_table="synapses",
    )
    place, file = tmp_path / "g.lbug", tmp_path / "cells.csv"
    with serve(folder) as server:
        with pytest.raises(TableNotFoundError, match="is a view") as caught:
            load(source(server, annotations=["cells"]), place, work=tmp_path / "v")
        hint = str(caught.value.hint)
        assert "client.materialize.query_view('cells').to_csv('cells.csv', index=False)" in hint
        assert "--annotations cells.csv" in hint
        client = CAVEclient("toy_stack", server_address=server.url, auth_token="0" * 32)
        client.materialize.version = 4
        client.materialize.query_view("cells").to_csv(file, index=False)
        load(source(server, annotations=[file]), place, work=tmp_path / "w", progress=False)
    rows = readback.ask(place, "MATCH (n:Neuron) RETURN n.root_id AS id, n.cell_type AS kind")
    read = {row["id"]: row["kind"] for row in rows if row["kind"]}
    assert read == dict(zip(roots.tolist(), kinds, strict=True))
