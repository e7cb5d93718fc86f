"""What goes wrong outside, and what is kept inside."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import requests
from hand_made import WebServer, WrittenScale, write_volume

from graphapi.common.http import LIMITS, Limits
from graphapi.errors import (
    CaveAuthError,
    CavegraphError,
    CaveRateLimitError,
    CaveResponseError,
    CaveUnavailableError,
    ImageryNotFoundError,
    MissingExtraError,
    MissingMeshError,
)
from graphapi.imagery import info as info_module
from graphapi.imagery.careful import TicketAdapter
from graphapi.imagery.em import cut_out
from graphapi.imagery.meshes import get_meshes
from graphapi.imagery.volume import _library, open_volume

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

NM = (8, 8, 42)


@pytest.fixture
def em(tmp_path: Path) -> Path:
    array = np.arange(16 * 16 * 4, dtype=np.uint16).reshape(16, 16, 4)
    return write_volume(tmp_path / "em", WrittenScale(array, NM))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, CaveAuthError),
        (403, ImageryNotFoundError),  # a public bucket's word for what is not there
        (404, ImageryNotFoundError),
        (410, ImageryNotFoundError),
        (429, CaveRateLimitError),
        (500, CaveUnavailableError),
        (503, CaveUnavailableError),
        (418, CaveResponseError),
    ],
)
def test_status_of_the_info_file(web: WebServer, status: int, error: type[Exception]) -> None:
    web.answers["em/info"] = lambda _: (status, b"")
    with pytest.raises(error, match="em/info"):
        open_volume(f"{web.url}/em")


def test_the_key_of_a_signed_address_is_not_shown() -> None:
    for status in (400, 403, 404, 429, 500):
        with pytest.raises(CavegraphError, match="em/8_8_40") as caught:
            info_module.check_status(status, "https://bucket.example/em/8_8_40?X-Signature=secret")
        assert "secret" not in str(caught.value)


def test_server_that_never_answers(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        over.wait(30)
        return 200, b"{}"

    web.answers["em/info"] = hang
    monkeypatch.setattr(info_module, "_SMALL", Limits(wait=0.2))
    with pytest.raises(CaveUnavailableError, match="does not answer"):
        open_volume(f"{web.url}/em")
    over.set()


def test_chunks_are_fetched_with_a_time_limit(
    web: WebServer, em: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[Any] = []
    send = requests.adapters.HTTPAdapter.send

    def watched(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if "/em/8_8_42/" in request.url:
            limits.append((type(self), kwargs["timeout"]))
        return send(self, request, *args, **kwargs)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watched)
    cut_out(f"{web.url}/{em.name}", (8, 8, 1), 4, resolution=NM)
    assert limits == [(TicketAdapter, (LIMITS.connect, LIMITS.wait))]


def test_a_chunk_without_an_end_is_asked_for_once(
    web: WebServer, em: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_library().tickets, "_limits", Limits(most=1_000))
    with pytest.raises(CaveResponseError, match="more than 1,000 bytes"):
        cut_out(f"{web.url}/{em.name}", (8, 8, 1), 4, resolution=NM)
    assert [path for path in web.paths() if "8_8_42" in path] == ["em/8_8_42/0-16_0-16_0-4"]


def test_a_chunk_that_fails_is_asked_for_three_times(web: WebServer, em: Path) -> None:
    web.answers["em/8_8_42/0-16_0-16_0-4"] = lambda _: (503, b"")
    with pytest.raises(CaveUnavailableError, match="503"):
        cut_out(f"{web.url}/{em.name}", (8, 8, 1), 4, resolution=NM)
    assert len([path for path in web.paths() if "8_8_42" in path]) == 3


def test_decoder_that_is_not_installed(em: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cloudvolume

    monkeypatch.setitem(cloudvolume.chunks.NEEDS_INSTALL, "raw", "raw-codec")
    with pytest.raises(MissingExtraError, match="raw-codec") as caught:
        cut_out(em, (8, 8, 1), 4, resolution=NM)
    assert "cavegraph[codecs]" in str(caught.value)


def test_nothing_is_written_outside_its_folder(em: Path, tmp_path: Path) -> None:
    home, own = tmp_path / "home", tmp_path / "own"
    home.mkdir()
    script = (
        "from graphapi.imagery.em import cut_out\n"
        f"print(cut_out({str(em)!r}, (8, 8, 1), 4, resolution={NM}).pixels.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "HOME": str(home),
            "CLOUD_VOLUME_DIR": str(own),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    )
    assert (done.stdout, done.returncode) == ("(4, 4)\n", 0), done.stderr
    assert list(home.iterdir()) == []


def test_info_that_redirects(web: WebServer, em: Path, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved/info").write_text(f'{{"redirect": "{web.url}/{em.name}"}}')
    volume = open_volume(f"{web.url}/moved")
    assert volume.source.place == f"{web.url}/em"
    (tmp_path / "moved/info").write_text(f'{{"redirect": "{web.url}/moved"}}')
    with pytest.raises(CaveResponseError, match="redirects too many times"):
        open_volume(f"{web.url}/moved")


# Draco -----------------------------------------------------------------------------------------

CUBE = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
CUBE_SIDES = np.array(
    [
        *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
        *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
    ]
)


def corner_set(vertices: Any) -> set[tuple[int, ...]]:
    return {tuple(row) for row in np.rint(vertices).astype(int).tolist()}


@pytest.fixture
def multilod(tmp_path: Path) -> Path:
    """One segment with two levels of detail, as Neuroglancer's format page lays them out."""
    import DracoPy

    folder = write_volume(
        tmp_path / "multi",
        WrittenScale(np.ones((16, 16, 4), np.uint64), NM),
        kind="segmentation",
        mesh="mesh",
    )
    (folder / "mesh").mkdir()
    (folder / "mesh/info").write_text(
        '{"@type": "neuroglancer_multilod_draco", "vertex_quantization_bits": 10,'
        '"transform": [2, 0, 0, 100, 0, 2, 0, 200, 0, 0, 2, 300], "lod_scale_multiplier": 1}'
    )
    # Quantized positions fill the chunk: 0 is its start, 1023 its end.
    fine = DracoPy.encode(CUBE * 1023, CUBE_SIDES, quantization_bits=10)
    coarse = DracoPy.encode(CUBE[:3] * 1023, [(0, 1, 2)], quantization_bits=10)
    index = struct.pack("<3f3fI", 64, 64, 64, 10, 20, 30, 2)
    index += struct.pack("<2f", 1, 2) + struct.pack("<6f", *[0] * 6) + struct.pack("<2I", 1, 1)
    for fragment in (fine, coarse):
        index += struct.pack("<3I", 0, 0, 0) + struct.pack("<I", len(fragment))
    (folder / "mesh/7.index").write_bytes(index)
    (folder / "mesh/7").write_bytes(fine + coarse)
    return folder


def test_finest_of_several_levels(multilod: Path) -> None:
    mesh = get_meshes(multilod, [7])[7]
    # Chunk of 64 from (10, 20, 30), doubled and moved by the transform.
    expected = (CUBE * 64 + [10, 20, 30]) * 2 + [100, 200, 300]
    assert corner_set(mesh.vertices) == corner_set(expected)
    assert len(mesh.faces) == 12
    with pytest.raises(MissingMeshError) as caught:
        get_meshes(multilod, [8])
    assert caught.value.root_ids == (8,)
