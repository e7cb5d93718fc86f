"""What assistants cannot do: too much, too long, in another's name, or write."""

from __future__ import annotations

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from serve_client import Client, Serving, a

import graphapi
from graphapi.serve.assistants.bounded import MOST_CHARACTERS, bounded, readable
from graphapi.serve.routes import graph
from support.assistant import Assistant, connected, size

of_a_file = pytest.mark.parametrize("toy", ["ladybug"], indirect=True, scope="session")
#: Twelve neurons in every combination: 282 thousand million.
ENDLESS = (
    f"MATCH {', '.join(f'({one}:Neuron)' for one in 'abcdefghijkl')} "
    "RETURN sum(a.in_synapses + l.in_synapses) AS synapses"
)
ORIGIN = {
    "datastack": "d",
    "version": 1,
    "timestamp": "",
    "synthetic": False,
    "load_id": "l",
    "source": "graph",
    "checks": [],
}


def test_an_answer_is_bounded_and_the_rest_can_be_had(assistant: Assistant) -> None:
    query = "UNWIND range(1, 2500) AS x RETURN x, 'a text of some length' AS text ORDER BY x"
    found: list[int] = []
    offset: int | None = 0
    while offset is not None:
        said = assistant.ask("run_cypher", text=query, limit=1000, offset=offset)
        assert size(said.json) <= MOST_CHARACTERS
        assert len(said.text) <= MOST_CHARACTERS
        assert said.json["total"] == said.json["found"] == 2500
        found += [row["x"] for row in said.records]
        offset = said.json["next_offset"]
        if offset is not None:
            assert f"offset={offset} shows the next" in said.text
            assert f"of 2,500 shown; offset={offset}" in said.json["left_out"][-1]
    assert found == list(range(1, 2501))
    assert said.json["left_out"] == []


def test_more_rows_than_can_be_reached_are_said(assistant: Assistant) -> None:
    said = assistant.ask("run_cypher", text="UNWIND range(1, 10001) AS x RETURN x")
    assert (said.json["found"], said.json["cut_off"]) == (10001, True)
    assert "add SKIP and LIMIT" in said.text
    said = assistant.ask("count_motif", motif="A -> B", matches=3)
    assert (said.json["count"], said.json["total"]) == (8, 3)
    assert "a larger 'matches' lists more" in said.text
    said = assistant.ask("find_paths", sources=a(1), targets=a(2), kind="all", paths=1, max_hops=5)
    assert said.json["cut_off"] == ("larger 'paths'" in said.text)


def test_long_cells_and_many_columns_are_shortened(assistant: Assistant) -> None:
    names = ", ".join(f"{one} AS column_{one}" for one in range(300))
    said = assistant.ask("run_cypher", text=f"RETURN range(1, 100000) AS numbers, {names}")
    assert size(said.json) <= MOST_CHARACTERS
    assert len(said.json["columns"]) == 40
    assert "40 of 301 columns shown" in said.text
    cell = said.records[0]["numbers"]
    assert cell[:3] == [1, 2, 3]
    assert cell[-1] == f"… and {100_000 - len(cell) + 1:,} more"
    assert "long cells shortened in numbers" in said.text
    chosen = assistant.ask("run_cypher", text=f"RETURN {names}", columns=["column_299", "column_7"])
    assert chosen.records == [{"column_299": 299, "column_7": 7}]


#: Signs that JSON or the text write with one character, and with many.
SIGNS = ("a", "\t", "\u202e", "é", "中", "\U000e0041", '"', "\\")


class Made:
    """Answers of every shape, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311

    def text(self, longest: int) -> str:
        one, other = self.random.choices(SIGNS, k=2)
        return (one + other) * self.random.randint(0, longest // 2) + str(self.random.random())

    def value(self, depth: int = 0) -> Any:
        kind = self.random.randrange(6 if depth < 3 else 4)
        size = self.random.choice((0, 3, 400 if depth == 0 else 4))
        if kind == 4:
            return [self.value(depth + 1) for _ in range(size)]
        if kind == 5:
            return {self.text(30): self.value(depth + 1) for _ in range(size)}
        return (None, 2**53, 1e300, self.text(self.random.choice((5, 60, 5000))))[kind]

    def answer(self) -> dict[str, Any]:
        names = [self.text(self.random.choice((5, 4000))) for _ in range(self.value_of(1, 6, 90))]
        row = [self.value(1)] * len(names)
        count = self.value_of(1, 40, 2000)
        mapping = {self.text(30): self.text(30) for _ in range(self.value_of(0, 5, 400))}
        return {self.text(40): self.value() for _ in range(6)} | {
            "columns": [{"name": name, "kind": "text"} for name in names],
            "rows": [row] * count,
            "total": count * self.value_of(1, 7, 900),
            "offset": 0,
            "provenance": ORIGIN | {"id_mapping": mapping},
            "as": {"python": self.text(9000), "cypher": "", "command_line": ""},
            "notes": [{"kind": "X", "message": self.text(4000)} for _ in range(9)],
        }

    def value_of(self, *options: int) -> int:
        return self.random.choice(options)


def test_no_answer_is_longer_than_the_bound() -> None:
    """Whatever it holds; the rows shown are the first ones, and there is always one of them."""
    for seed in range(40):
        told = Made(seed).answer()
        made = bounded(told)
        assert size(made) <= MOST_CHARACTERS, seed
        assert len(readable(made)) <= MOST_CHARACTERS, seed
        shown = len(made["rows"])
        assert shown > 0, seed
        assert made["next_offset"] == (shown if shown < told["total"] else None)
        if made["rows"][0] != told["rows"][0] or shown < len(told["rows"]):
            assert made["left_out"]


@pytest.mark.parametrize(
    "query",
    [
        "CREATE (n:Neuron {root_id: 1}) RETURN n",
        "MATCH (n:Neuron) SET n.cell_class = 'x' RETURN n",
        "MATCH (n:Neuron) DETACH DELETE n",
        "LOAD FROM '/etc/passwd' RETURN *",
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "CALL dbms.listConfig() YIELD name RETURN name",
        "COPY (MATCH (n) RETURN n) TO '/tmp/x.csv'",
        "MATCH (n) RETURN n.root_id; MATCH (m) DELETE m",
        "this is not Cypher",
    ],
)
def test_hostile_queries_are_refused(assistant: Assistant, query: str) -> None:
    said = assistant.refused("run_cypher", text=query)
    assert "Traceback" not in said
    assert "root:" not in said
    assert assistant.ask("describe_graph").json["counts"]["connections"] == 8


def test_an_endless_question_is_stopped_and_the_server_answers_on(serving: Serving) -> None:
    with serving(seconds=1.0) as client, connected(f"{client.url}/mcp") as opened:
        begun = time.monotonic()
        said = opened.refused("run_cypher", text=ENDLESS)
        assert "the question was stopped after 1 s" in said
        assert "ask for less" in said
        assert time.monotonic() - begun < 30
        assert opened.ask("get_partners", neurons=a(1)).json["total"] == 2


@of_a_file
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_question_that_is_taken_back_stops(serving: Serving, mode: str) -> None:
    """The only place at the desk is free again long before the question's time is up."""
    with (
        serving(at_once=1, seconds=120) as client,
        connected(f"{client.url}/mcp", mode=mode) as one,
        connected(f"{client.url}/mcp") as other,
    ):
        one.ask("describe_graph")
        asked = one.portal.start_task_soon(one.client.call_tool, "run_cypher", {"text": ENDLESS})
        time.sleep(0.5)
        asked.cancel()
        begun = time.monotonic()
        assert other.ask("get_partners", neurons=a(1)).json["total"] == 2
        assert time.monotonic() - begun < 30


@of_a_file
def test_many_ask_at_once(assistant: Assistant) -> None:
    questions: list[tuple[str, dict[str, Any]]] = [
        ("get_partners", {"neurons": a(number), "direction": direction})
        for number in (1, 2, 3, 9)
        for direction in ("upstream", "downstream")
    ]
    expected = [assistant.ask(name, **asked).json for name, asked in questions]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: assistant.ask(one[0], **one[1]).json, questions * 3))
    assert found == expected * 3


@of_a_file
def test_too_many_at_once_are_told_to_come_back(serving: Serving) -> None:
    with (
        serving(at_once=1, waiting=0) as client,
        connected(f"{client.url}/mcp") as opened,
        ThreadPoolExecutor(6) as pool,
    ):
        motif = {"motif": "A -> B; B -> C", "nulls": 100}
        said = list(pool.map(lambda _: opened.call("count_motif", **motif), range(6)))
    assert {one.failed for one in said} == {True, False}
    refused = next(one for one in said if one.failed)
    assert "ask again in a moment" in refused.text


@of_a_file
def test_a_mistake_of_ours_is_told_without_its_insides(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the token is 1234")

    monkeypatch.setattr(graph, "catalog", fails)
    said = assistant.refused("describe_graph")
    assert said.splitlines()[0] == "the server failed: RuntimeError"
    assert "1234" not in said


ASK = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"accept": "application/json, text/event-stream"}


def post(client: Client, **headers: str) -> requests.Response:
    return requests.post(f"{client.url}/mcp", json=ASK, headers=ACCEPT | headers, timeout=60)


@of_a_file
def test_the_rules_of_access_are_those_of_the_api(serving: Serving) -> None:
    with serving(password="correct horse battery") as client:
        assert post(client).status_code == 401
        assert post(client, authorization="Bearer wrong").status_code == 401
        right = {"authorization": "Bearer correct horse battery"}
        assert post(client, **right).status_code == 200
        assert post(client, **right, host="evil.example").status_code == 421
        assert post(client, **right, origin="http://evil.example").status_code == 403
        for method in ("GET", "DELETE", "PUT"):
            assert requests.request(method, f"{client.url}/mcp", timeout=9).status_code == 401


@of_a_file
def test_a_page_of_another_site_opens_nothing(client: Client) -> None:
    link = {"sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"}
    answer = requests.get(f"{client.url}/mcp", headers=ACCEPT | link, timeout=9)
    assert answer.status_code == 403


@of_a_file
def test_without_the_extra_the_error_names_it(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "graphapi.serve.assistants.protocol"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(graphapi.serve.assistants, "protocol", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with serving() as client:
        answer = post(client)
        assert answer.status_code == 501
        assert answer.json()["error"]["hint"] == "pip install 'cavegraph[mcp]'"
        assert client.get("info")["name"] == "toy v7"
