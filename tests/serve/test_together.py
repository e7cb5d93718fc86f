"""Many visitors at once: none is lost, none gets another one's answer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from serve_client import Client, Serving

import graphapi
from conformance.toy import BASE
from graphapi.graph import whole

VISITORS = 16


def test_threads_with_other_thresholds_get_their_own_matrix(
    toy: graphapi.Connectome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matrix at the last threshold is kept: another thread must not get it."""
    expected = {least: int(toy.to_matrix(least)[0].sum()) for least in (1, 2, 3, 5)}
    assert len(set(expected.values())) > 1
    kept: dict[int, Any] = {}

    def keep(graph: whole.WholeGraph, value: Any) -> None:
        kept[id(graph)] = value
        time.sleep(0.001)  # another thread may keep its own before this one returns

    slow = property(lambda graph: kept.get(id(graph)), keep)
    monkeypatch.setattr(whole.WholeGraph, "_strong", slow, raising=False)
    gate = threading.Barrier(4)

    def ask(least: int) -> list[int]:
        gate.wait(10)
        return [int(toy.to_matrix(least)[0].sum()) for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(expected, pool.map(ask, expected), strict=True))
    assert found == {least: [weight] * 10 for least, weight in expected.items()}


def test_sixteen_visitors_at_once(client: Client) -> None:
    """Every kind of question, in every visitor's own order."""
    questions: list[tuple[str, dict[str, Any]]] = [
        ("partners", {"neurons": f"{BASE + 1}"}),
        ("partners", {"neurons": f"{BASE + 1}", "direction": "upstream"}),
        ("neurons", {"neurons": "side=left"}),
        ("values", {"field": "cell_class"}),
        ("search", {"text": "EBc"}),
        ("types", {"threshold": 2}),
        ("paths", {"sources": f"{BASE + 1}", "targets": f"{BASE + 4}"}),
        ("influence", {"seeds": f"{BASE + 1}", "threshold": 1}),
        ("influence", {"seeds": f"{BASE + 1}", "threshold": 2}),
        ("influence", {"seeds": f"{BASE + 1}", "threshold": 3}),
        ("matrix", {"pre": f"{BASE + 1},{BASE + 2},{BASE + 3}", "order": "strongest"}),
        ("motifs", {"motif": "A -> B; B -> C; C -> A"}),
    ]
    expected = [client.get(route, **asked) for route, asked in questions]

    def visit(number: int) -> list[tuple[int, dict[str, Any]]]:
        order = [(number + step) % len(questions) for step in range(len(questions))]
        return [(at, client.get(questions[at][0], **questions[at][1])) for at in order]

    with ThreadPoolExecutor(VISITORS) as pool:
        answers = [one for found in pool.map(visit, range(VISITORS)) for one in found]
    assert len(answers) == VISITORS * len(questions)
    for at, answer in answers:
        assert answer == expected[at]


def test_too_many_at_once_are_told_to_come_back(serving: Serving) -> None:
    with serving(at_once=1, waiting=0) as client, ThreadPoolExecutor(8) as pool:
        motif = {"motif": "A -> B; B -> C", "nulls": 300}
        found = list(pool.map(lambda _: client.ask("motifs", **motif), range(8)))
    assert {one.status_code for one in found} == {200, 503}
    refused = next(one for one in found if one.status_code == 503)
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["error"]["kind"] == "busy"


def test_a_question_has_a_time_limit(serving: Serving) -> None:
    with serving(seconds=0.05) as client:
        answer = client.ask("motifs", motif="A -> B; B -> C", nulls=1000)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (504, "query_timeout")
        assert "jobs" in answer.json()["error"]["hint"]
        assert client.ask("info").status_code == 200


def test_a_server_that_is_stopped_ends_its_questions(serving: Serving) -> None:
    """Ctrl-C does not wait for the time limit of a long question."""
    with ThreadPoolExecutor(1) as pool:
        with serving(seconds=60) as client:
            asked = pool.submit(client.ask, "motifs", motif="A -> B; B -> C", nulls=1000)
            while not asked.running():
                time.sleep(0.01)
            time.sleep(1)  # it is being answered
            begun = time.monotonic()
        assert time.monotonic() - begun < 10
        answer = asked.result(10)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "stopping")
