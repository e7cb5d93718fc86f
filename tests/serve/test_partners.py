"""Partners over HTTP are the partners of `graphapi`."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from serve_client import Client

import graphapi
from conformance.toy import BASE, ROWS


def expected(ids: list[int], mine: str, theirs: str, threshold: int) -> list[tuple[str, str, int]]:
    """Count the rows in plain pandas."""
    rows = ROWS[(ROWS["pre"] > 0) & (ROWS["post"] > 0) & (ROWS["pre"] != ROWS["post"])]
    weights = rows.groupby(["pre", "post"]).size().reset_index(name="weight")
    found = weights[weights[mine].isin(ids) & (weights["weight"] >= threshold)]
    return sorted(
        (str(a), str(b), int(w)) for a, b, w in found[[mine, theirs, "weight"]].to_numpy().tolist()
    )


@pytest.mark.parametrize("threshold", [1, 4])
@pytest.mark.parametrize(
    ("direction", "mine", "theirs"), [("downstream", "pre", "post"), ("upstream", "post", "pre")]
)
def test_partners(client: Client, direction: str, mine: str, theirs: str, threshold: int) -> None:
    ids = [BASE + 1, BASE + 3]
    asked = {"direction": direction, "threshold": threshold}
    by_get = client.get("partners", neurons=",".join(map(str, ids)), **asked)
    by_post = client.post("partners", neurons=[str(i) for i in ids], **asked).json()
    assert by_get == by_post
    found = sorted((row[0], row[1], row[2]) for row in by_get["rows"])
    assert found == expected(ids, mine, theirs, threshold)
    assert by_get["total"] == len(found)


def test_the_same_question_elsewhere_has_the_same_answer(
    client: Client, toy: graphapi.Connectome
) -> None:
    """What the page shows is what Python and Cypher print."""
    answer = client.get("partners", neurons="cell_class=ER;side=left")
    shown = answer["as"]
    by_cypher = toy.cypher(shown["cypher"])
    assert sorted(map(str, by_cypher["partner"])) == sorted(row[1] for row in answer["rows"])
    called = shown["python"].rpartition("\n")[2]
    by_python = eval(called, {"connectome": toy})  # noqa: S307  (our own text)
    assert by_python["weight"].tolist() == [row[2] for row in answer["rows"]]


def test_files_have_exact_ids(client: Client) -> None:
    asked = {"neurons": str(BASE + 1)}
    rows = client.records("partners", **asked)
    parquet = pd.read_parquet(io.BytesIO(client.ask("partners", format="parquet", **asked).content))
    assert parquet["partner"].dtype == "int64"
    csv = pd.read_csv(io.BytesIO(client.ask("partners", format="csv", **asked).content))
    assert parquet["partner"].tolist() == csv["partner"].tolist()
    assert [row["partner"] for row in rows] == list(map(str, csv["partner"]))
    safe = client.ask("partners", format="csv", csv_safe=1, **asked).text
    assert f"'{BASE + 1}" in safe


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "neurons is missing"),
        ({"neurons": "7"}, "unknown root id"),
        ({"neurons": "1.5e17"}, "is not an id"),
        ({"neurons": "colour=red"}, "no field 'colour'"),
        ({"neurons": "side=left", "threshold": "0"}, "threshold: 0"),
        ({"neurons": "side=left", "treshold": "2"}, "did you mean threshold"),
        ({"neurons": "side=left", "format": "xml"}, "format"),
        ({"neurons": "side=left;side=right"}, "twice"),
        ({"neurons": "@nothing"}, "no set"),
    ],
)
def test_wrong_questions_say_what_is_wrong(
    client: Client, asked: dict[str, str], said: str
) -> None:
    answer = client.ask("partners", **asked)
    assert answer.status_code in (400, 404)
    error = answer.json()["error"]
    assert said in f"{error['message']} {error['hint']}"
    assert "Traceback" not in answer.text


def test_a_number_is_not_an_id_in_json(client: Client) -> None:
    answer = client.post("partners", neurons=[BASE + 1])
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "input")
