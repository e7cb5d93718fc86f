"""A home of their own for the clients, and small folders to serve."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from loader.sandbox.standin import Version, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loader.sandbox.standin import RunningServer

DATA = Path(__file__).parents[3] / "shared" / "data"
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep clients away from the secrets and caches of whoever runs the tests."""
    home = str(tmp_path_factory.mktemp("home"))
    before = {name: os.environ.get(name) for name in ("HOME", "CLOUD_VOLUME_DIR")}
    os.environ.update(HOME=home, CLOUD_VOLUME_DIR=f"{home}/.cloudvolume")
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def _no_memories() -> None:
    """Empty the CAVE client's process-wide caches, whose keys name no server."""
    from caveclient.materializationengine import MaterializationClient
    from caveclient.tools import table_manager

    MaterializationClient.get_tables_metadata.cache.clear()
    for name in ("_metadata_cache", "_table_cache", "_schema_cache"):
        getattr(table_manager, name).clear()


@pytest.fixture
def connect() -> Callable[..., Any]:
    """Give a function that makes the real client for a server."""
    from caveclient import CAVEclient

    def make(server: RunningServer, token: str | None = TOKEN, **more: Any) -> Any:
        return CAVEclient(
            server.datastack,
            server_address=server.url,
            auth_token=token,
            write_server_cache=False,
            **more,
        )

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data."""
    if not DATA.is_dir():
        pytest.skip("the folder of real data is not here")
    return DATA


@pytest.fixture(scope="session")
def cells() -> pd.DataFrame:
    """A table of all kinds of columns; its ids and roots are above 2**53, and odd."""
    count = 200
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "id": 10 * np.arange(count) + 7,
            "valid": np.arange(count) % 10 != 0,
            "cell_type": rng.choice(["ER", "PBt", "FBt a", "ER2"], count),
            "score": rng.normal(size=count),
            "rank": rng.integers(0, 5, count).astype(np.int32),
            "pt_position": list(rng.integers(0, 1000, (count, 3))),
            "pt_supervoxel_id": (1 << 56) + rng.integers(1, 10**6, count),
            "pt_root_id": (8 << 56) + 2 * rng.integers(1, 10**6, count) + 1,
        }
    )
    frame["cell_type"] = frame["cell_type"].where(frame["id"] % 3 != 0, None)
    return frame


@pytest.fixture(scope="session")
def cells_folder(cells: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`cells`, in a split and a merged version, an expired one, and two tables that refer to it."""
    tags = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "valid": [True, True, True, False],
            "target_id": [17, 27, 17, 37],
            "tag": ["a", "b", "c", "d"],
        }
    )
    split = cells.copy()
    split.insert(1, "created", pd.Timestamp("2024-02-03T04:05:06.789012", tz="UTC"))
    split.insert(2, "superceded_id", pd.Series([None] * len(cells), dtype="Int64"))
    split.loc[split.index[5], "created"] = pd.Timestamp("2024-03-01", tz="UTC")
    split["pt_root_id"] = split["pt_root_id"].astype("Int64")
    split["pt_supervoxel_id"] = split["pt_supervoxel_id"].astype("Int64")
    split.loc[split.index[7], ["pt_root_id", "pt_supervoxel_id"]] = pd.NA
    when = [datetime(2024, month, 5, 6, 7, 8, 90, tzinfo=UTC) for month in (1, 2, 3)]
    return write_folder(
        tmp_path_factory.mktemp("cells") / "folder",
        {"cells": {1: cells, 2: split, 3: cells}, "tags": {2: tags, 3: tags}},
        datastack="toy",
        versions=[
            Version(1, when[0], expires_on=when[1], valid=False, status="EXPIRED"),
            Version(2, when[1], is_merged=False),
            Version(3, when[2], expires_on=datetime(2099, 1, 1, tzinfo=UTC)),
        ],
        metadata={
            "tags": {"schema_type": "reference_tag", "reference_table": "cells"},
            "cells": {"schema_type": "cell_kind_of_our_own", "notice_text": "ask\nfirst: é"},
            "counts": {"description": "how many"},
        },
        views={
            "counts": {
                3: pd.DataFrame({"pt_root_id": [5, 6], "n": [1, 2], "mean": [0.5, 1 / 3]}),
            }
        },
        resolution=(8, 8, 42),
        soma_table="cells",
    )
