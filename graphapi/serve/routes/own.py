"""A visitor's own Cypher, the saved queries, and named sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.engines.savedqueries import runs_on, saved_queries, text_for
from graphapi.graph.criteria import NeuronCriteria
from graphapi.serve import ascypher
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.astext import call, command, python_call, python_code
from graphapi.serve.desk import Question
from graphapi.serve.given import Chosen

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.ids import IdArray
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given


def cypher(desk: Desk, given: Given) -> Answer:
    """Run a query that only reads; the engine's door refuses all else."""
    connectome, text, params = desk.connectome, given.text("text"), given.mapping("params")
    most = given.whole("rows", 10_000, least=1, most=desk.settings.most_rows)
    frame = connectome.cypher(text, params)
    attrs, total = frame.attrs, len(frame)
    shown = frame.head(most)
    shown.attrs = attrs
    said = {"cut_off": total > most, "found": total}
    arguments = {"_1": params} if params else {}
    same = Shown(
        python_call(connectome, "cypher", _0=text, **arguments),
        text,
        "" if params else command(connectome, "cypher", text),
    )
    return Answer(shown, said, same)


def saved(desk: Desk, _given: Given) -> Answer:
    """List the saved queries that run on this graph's engine."""
    engine = desk.connectome.engine.name
    found = [
        {
            "name": one.name,
            "folder": one.folder,
            "title": one.title,
            "summary": one.summary,
            "change": one.change,
            "text": text_for(one, engine),
        }
        for one in saved_queries()
        if runs_on(one, engine)
    ]
    return Answer(values={"queries": found}, shown=Shown(command_line="cavegraph saved"))


def sets(desk: Desk, _given: Given) -> Answer:
    """List the named sets."""
    import pandas as pd

    rows = [
        {
            "name": name,
            "neurons": len(one["ids"]),
            "note": one["note"],
            "changed": one["changed"],
            "version": one["version"],
        }
        for name, one in desk.sets.all().items()
    ]
    columns = ["name", "neurons", "note", "changed", "version"]
    frame = pd.DataFrame(rows, columns=columns).astype({"neurons": "int64", "version": "int64"})
    return Answer(frame, {"file": desk.sets.path.name})


def read_set(desk: Desk, given: Given) -> Answer:
    """Return the neurons of a set."""
    one = desk.sets.read(given.text("name"))
    ids = np.array([int(root) for root in one["ids"]], dtype=np.int64)
    said = {name: one[name] for name in ("note", "changed", "version")}
    return Answer(_frame(ids), said, _shown(desk, ids))


def write_set(desk: Desk, given: Given) -> Answer:
    """Save neurons under a name, at the graph's version."""
    found = desk.connectome.get_neurons(given.neurons(desk.connectome).value)
    ids = found["root_id"].to_numpy()
    desk.sets.write(given.text("name"), [str(root) for root in ids], given.text("note", ""))
    return Answer(_frame(ids), attrs=found.attrs)


def delete_set(desk: Desk, given: Given) -> Answer:
    """Delete a set."""
    desk.sets.delete(given.text("name"))
    return Answer(values={"ok": True})


def combine(desk: Desk, given: Given) -> Answer:
    """Combine two selections: neurons in both, in either, or in the first without the second."""
    connectome = desk.connectome
    first, second = (_ids(desk, given.neurons(connectome, name)) for name in ("a", "b"))
    how = given.choice("how", ("and", "or", "without"), "and")
    joined: dict[str, Any] = {"and": np.intersect1d, "or": np.union1d, "without": np.setdiff1d}
    ids = joined[how](first, second)
    return Answer(_frame(ids), shown=_shown(desk, ids))


def _shown(desk: Desk, ids: IdArray) -> Shown:
    """Ask for the neurons of a set elsewhere, where sets are lists of ids."""
    if not len(ids):
        return Shown()
    connectome, chosen = desk.connectome, Chosen([str(root) for root in ids.tolist()])
    asked = call("get_neurons", _0=chosen)
    return Shown(
        python_code(connectome, f"{asked}[['root_id']]"),
        ascypher.neurons(ids.tolist(), []),
        command(connectome, "neurons", chosen, "--columns", "root_id"),
    )


def _ids(desk: Desk, chosen: Chosen) -> IdArray:
    if isinstance(chosen.value, NeuronCriteria):
        return chosen.value.get_roots()
    return desk.connectome.get_neurons(chosen.value)["root_id"].to_numpy()


def _frame(ids: IdArray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"root_id": ids})


QUESTIONS = [
    Question("/api/v1/cypher", cypher, ("text", "params", "rows"), ("POST",)),
    Question("/api/v1/saved", saved, (), ("GET",)),
    Question("/api/v1/sets", sets, (), ("GET",)),
    Question("/api/v1/sets/{name}", read_set, ("name",), ("GET",)),
    Question("/api/v1/sets/{name}", write_set, ("name", "neurons", "regex", "note"), ("PUT",)),
    Question("/api/v1/sets/{name}", delete_set, ("name",), ("DELETE",)),
    Question("/api/v1/combine", combine, ("a", "b", "how", "regex")),
]
