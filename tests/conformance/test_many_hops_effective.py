"""Effective connectivity and contributing paths of every engine against dense matrices."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from oracle import Oracle
from toy import ROWS, ids

import graphapi
from graphapi.errors import InputError, UnknownFieldError


def dense_shares(threshold: int) -> pd.DataFrame:
    """Shares of input by root id, without any code of ours."""
    oracle = Oracle(ROWS)
    nodes = sorted({*oracle.nodes(), *ids(7)})  # 7 has annotations only
    weights = pd.DataFrame(0.0, index=nodes, columns=nodes)
    for pre, post, weight in oracle.graph(threshold).edges(data="weight"):
        weights.loc[pre, post] = weight
    return weights / weights.sum().clip(lower=1)


@pytest.mark.parametrize("threshold", [1, 3])
def test_neurons(toy: graphapi.Connectome, threshold: int) -> None:
    pre, post = ids(1, 9, 5), ids(2, 3, 4, 1)
    found = toy.get_effective_connectivity(pre, post, 3, threshold)
    assert found.columns.tolist() == ["pre", "post", "hop_1", "hop_2", "hop_3", "total"]
    assert found.dtypes.astype(str).tolist() == ["int64"] * 2 + ["float64"] * 4
    one = dense_shares(threshold)
    powers = [one, one @ one, one @ one @ one]
    expected = {
        (a, b): [power.loc[a, b] for power in powers]
        for a in pre
        for b in post
        if any(power.loc[a, b] for power in powers)
    }
    assert set(zip(found["pre"], found["post"], strict=True)) == set(expected)
    for row in found.itertuples():
        values = expected[row.pre, row.post]
        assert [row.hop_1, row.hop_2, row.hop_3] == pytest.approx(values)
        assert row.total == pytest.approx(sum(values))
    assert found["total"].is_monotonic_decreasing
    attrs = found.attrs
    assert (attrs["source"], attrs["threshold"], attrs["hops"]) == ("graph", threshold, 3)
    assert (attrs["complete"], attrs["left_out"]) == (True, {"rows": 0, "total": 0.0})


def test_groups_are_summed_over_pre_and_averaged_over_post(toy: graphapi.Connectome) -> None:
    pre, post = {"a": ids(1, 9), "b": ids(5)}, {"x": ids(2, 3), "y": ids(3, 4)}
    found = toy.get_effective_connectivity(pre, post, 2)
    one = dense_shares(1)
    assert found.columns.tolist()[:2] == ["pre_group", "post_group"]
    for row in found.itertuples():
        rows, columns = pre[row.pre_group], post[row.post_group]
        assert row.hop_1 == pytest.approx(one.loc[rows, columns].sum().mean())
        assert row.hop_2 == pytest.approx((one @ one).loc[rows, columns].sum().mean())
    assert len(found) == 4


def test_whole_graph_by_type(toy: graphapi.Connectome) -> None:
    found = toy.get_effective_connectivity(hops=2, by="cell_class")
    one = dense_shares(1)
    nodes = one.index.tolist()
    classes = toy.get_neurons(nodes).set_index("root_id")["cell_class"].fillna("Unknown")
    two = (one @ one).groupby(classes).sum().T.groupby(classes).mean().T
    wide = found.pivot_table(
        index="pre_type", columns="post_type", values="hop_2", fill_value=0
    ).reindex(index=two.index, columns=two.columns, fill_value=0)
    np.testing.assert_allclose(wide, two, atol=1e-12)


def test_what_a_limit_leaves_out_is_said(toy: graphapi.Connectome) -> None:
    everything = toy.get_effective_connectivity(hops=2)
    with pytest.warns(graphapi.CutOffWarning, match=r"there are \d+ pairs: these are the 3"):
        found = toy.get_effective_connectivity(hops=2, limit=3)
    pd.testing.assert_frame_equal(found, everything.head(3), check_like=False)
    left = found.attrs["left_out"]
    assert found.attrs["complete"] is False
    assert left["rows"] == len(everything) - 3
    assert left["total"] == pytest.approx(everything["total"][3:].sum())


def test_paths_of_types(toy: graphapi.Connectome) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = toy.get_contributing_paths(ids(9, 5), ids(1), 3)
    total = dense_shares(1)
    powers = [total, total @ total, total @ total @ total]
    expected = [power.loc[ids(9, 5), ids(1)].sum().mean() for power in powers]
    assert found.attrs["totals"] == pytest.approx(dict(enumerate(expected, 1)))
    assert found["contribution"].sum() == pytest.approx(sum(expected))
    assert found["share"].sum() == pytest.approx(1)
    assert (found.attrs["complete"], found.attrs["left_out"]) == (True, 0.0)
    # 5 (Unknown) -> 1 (ER), 9 (Unknown) -> 2 (EBc) -> 1 (ER), ...
    first = found.iloc[0]
    assert (first["hops"], first["path"]) == (1, ["Unknown", "ER"])
    assert ["Unknown", "EBc", "ER"] in found["path"].tolist()
    assert [len(path) - 1 for path in found["path"]] == found["hops"].tolist()
    less = toy.get_contributing_paths(ids(9, 5), ids(1), 3, limit=1)
    assert less.attrs["complete"] is False
    assert less.attrs["left_out"] == pytest.approx(sum(expected) - first["contribution"])


def test_what_is_refused(toy: graphapi.Connectome) -> None:
    with pytest.raises(UnknownFieldError, match="no property 'kind'"):
        toy.get_contributing_paths(ids(1), ids(2), by="kind")
    for hops in (0, -1, True, 1.5):
        with pytest.raises(InputError, match=r"hops: .* is not a whole number of 1 or more"):
            toy.get_effective_connectivity(ids(1), ids(2), hops)
    with pytest.raises(InputError, match="limit: 0 is not a whole number"):
        toy.get_contributing_paths(ids(1), ids(2), limit=0)
    with pytest.raises(InputError, match="do not fit in memory"):
        toy.get_effective_connectivity(hops=1_000_000)
