"""Long work: progress, result, cancelling, and a page that is closed."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from serve_client import Client, Serving, records

from conformance.toy import BASE

LONG = {"motif": "A -> B; B -> C", "nulls": 1000}


def ended(client: Client, job: str, seconds: float = 30) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = client.get(f"jobs/{job}")
        if state["state"] not in ("waiting", "running"):
            return state
        time.sleep(0.02)
    raise AssertionError(f"the job did not end within {seconds} s: {state}")


def test_a_job_gives_the_answer_of_its_question(client: Client) -> None:
    asked = {"seeds": [str(BASE + 1)], "threshold": 1}
    started = client.post("jobs/influence", **asked)
    assert started.status_code == 202
    job = started.json()["job"]
    assert ended(client, job)["state"] == "done"
    plain = client.post("influence", **asked).json()
    assert client.get(f"jobs/{job}/result") == plain
    top = client.get(f"jobs/{job}/result", limit=1, sort="-influence")
    assert records(top) == sorted(records(plain), key=lambda row: -row["influence"])[:1]
    assert client.ask(f"jobs/{job}/result", format="csv").text.startswith("neuron_id,")


def test_a_running_job_tells_its_progress_and_can_be_cancelled(client: Client) -> None:
    job = client.post("jobs/motifs", **LONG).json()["job"]
    until, state = time.monotonic() + 60, client.get(f"jobs/{job}")
    while (state["progress"] or {}).get("total") != 1000 and time.monotonic() < until:
        time.sleep(0.02)  # it may read, and compile, first
        state = client.get(f"jobs/{job}")
    assert state["progress"]["title"] == "null graphs", state
    early = client.ask(f"jobs/{job}/result")
    assert (early.status_code, early.json()["error"]["kind"]) == (409, "not_done")
    assert requests.delete(f"{client.url}/api/v1/jobs/{job}", timeout=10).status_code == 200
    assert ended(client, job)["state"] == "cancelled"


def test_a_job_that_nobody_asks_about_is_cancelled(serving: Serving) -> None:
    with serving(unwatched=0.3) as client:
        client.post("motifs", motif=LONG["motif"], nulls=2)  # compiles what does not look around
        job = client.post("jobs/motifs", **LONG).json()["job"]
        time.sleep(1)
        assert ended(client, job)["state"] == "cancelled"


def test_a_job_that_fails_says_why(client: Client) -> None:
    job = client.post("jobs/partners", neurons=["7"]).json()["job"]
    state = ended(client, job)
    assert (state["state"], state["error"]["kind"]) == ("failed", "unknown_root_id")


def test_a_query_of_ones_own_is_stopped_in_the_database(client: Client) -> None:
    """The pattern has more matches than a day could list; the server goes on."""
    names = "abcdefghijk"
    text = f"MATCH {', '.join(f'({name}:Neuron)' for name in names)} "
    text += f"WHERE ({' + '.join(f'{name}.in_synapses' for name in names)}) % 7 < 6 "
    text += "RETURN count(*) AS n"  # every match is looked at: the condition is on all of them
    job = client.post("jobs/cypher", text=text).json()["job"]
    until = time.monotonic() + 20
    while client.get(f"jobs/{job}")["state"] == "waiting" and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.5)  # it is in the database now
    state = client.get(f"jobs/{job}")
    assert state["state"] == "running", state
    requests.delete(f"{client.url}/api/v1/jobs/{job}", timeout=10)
    assert ended(client, job, 10)["state"] == "cancelled"
    found = client.post("cypher", text="MATCH (n:Neuron) RETURN count(n) AS n").json()
    assert found["rows"] == [[9]]


@pytest.mark.parametrize("path", ["jobs/none", "jobs/none/result"])
def test_an_unknown_job(client: Client, path: str) -> None:
    assert client.ask(path).json()["error"]["kind"] == "job"


def test_too_many_jobs_are_told_to_come_back(serving: Serving) -> None:
    with serving(jobs_at_once=1, jobs_waiting=1) as client:
        states = [client.post("jobs/motifs", **LONG).status_code for _ in range(3)]
        assert states == [202, 202, 503]
        assert client.post("jobs/nonsense").status_code == 404
