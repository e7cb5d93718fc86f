"""The same question as Cypher.

These texts are for people to read, copy and change, with every value written out. The server runs
none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graphapi.common.palette import UNKNOWN
from graphapi.engines.queries import quoted
from graphapi.graph.criteria import NeuronCriteria
from graphapi.ids import parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphapi.ask.partners import Direction
    from graphapi.connectome import Connectome
    from graphapi.engines.queries import Query
    from graphapi.serve.given import Chosen

    Ends = tuple[Sequence[int] | None, Sequence[int] | None]

#: A query with more ids written out is of no use to people.
MOST_IDS = 1000


def cypher_text(query: Query, engine: str, values: Mapping[str, object]) -> str:
    """Return a query file's text with its parameters written out."""
    return re.sub(r"\$(\w+)", lambda found: written(values[found[1]]), query.text_for(engine))


def motif_matches(
    query: tuple[str, Mapping[str, object]], columns: Sequence[str], most: int
) -> str:
    """Return the query of a motif, with the names that people gave its neurons.

    Parameters
    ----------
    query
        What `MotifAnalysis.to_cypher` returns: its columns are `id_0`, ..., `weight_0`, ...
    columns
        The columns of `MotifAnalysis.search`: neurons in the same order, then weights.
    most
        The largest number of matches.
    """
    text, values = query
    kinds = {
        "id": [name for name in columns if not name.startswith("weight_")],
        "weight": [name for name in columns if name.startswith("weight_")],
    }
    text = re.sub(r"\bAS (id|weight)_(\d+)", lambda m: f"AS {quoted(kinds[m[1]][int(m[2])])}", text)
    text = re.sub(r"\$(\w+)", lambda found: written(values[found[1]]), text)
    return f"{text.rstrip()}\nLIMIT {most}"


def written(value: Any) -> str:
    """Return a value as Cypher."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(one) for one in value) + "]"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value)


def ids_of(chosen: Chosen | None, attrs: Mapping[Any, Any]) -> list[int] | None:
    """Return the root ids of a selection at the graph's version; None for all neurons.

    Parameters
    ----------
    chosen
        The selection.
    attrs
        Attributes of the answer, which say how stale ids were mapped.
    """
    if chosen is None:
        return None
    if isinstance(chosen.value, NeuronCriteria):
        return sorted(chosen.value.get_roots().tolist())
    mapping = attrs.get("id_mapping", {})
    return sorted({mapping.get(root, root) for root in parse_root_ids(chosen.value).tolist()})


def ends_of(
    direction: Direction, mine: Sequence[int] | None, theirs: Sequence[int] | None = None
) -> Ends:
    """Return pre and post: neurons and their partners, in the order of a direction."""
    return (mine, theirs) if direction == "downstream" else (theirs, mine)


class Between:
    """The connections of a question, as the beginning of a query: `a`, `b`, `weight`.

    Parameters
    ----------
    connectome
        The graph.
    ends
        Root ids of `a` and of `b`; None for all neurons.
    threshold
        Smallest weight.
    regions
        Regions that count; None for all.
    by_region
        Whether each region has a row of its own, with `region`.
    """

    def __init__(
        self,
        connectome: Connectome,
        ends: Ends,
        threshold: int,
        regions: Sequence[str] | None = None,
        *,
        by_region: bool = False,
    ) -> None:
        pre, post = ends
        self.engine = connectome.engine.name
        self.too_long = len(pre or ()) + len(post or ()) > MOST_IDS
        in_regions = by_region or regions is not None
        tests = [f"a.root_id IN {written(list(pre))}"] if pre is not None else []
        tests += [f"b.root_id IN {written(list(post))}"] if post is not None else []
        if regions is not None:
            tests.append(f"c.region IN {written(list(regions))}")
        least = f"weight >= {threshold}"
        if not in_regions:
            tests.append(f"c.{least}")
        lines = [f"MATCH (a:Neuron)-[c:{'CONNECTS_IN' if in_regions else 'CONNECTS'}]->(b:Neuron)"]
        if tests:
            lines.append(f"WHERE {' AND '.join(tests)}")
        if self.engine == "ladybug" and (pre is not None or post is not None):
            # the engine would read every connection for a list of ids
            first, last = ("a", "b") if pre is not None else ("b", "a")
            lines.append(f"HINT ({first} JOIN c) JOIN {last}")
        if by_region:
            lines.append("WITH a, b, c.region AS region, c.weight AS weight")
        elif in_regions:
            lines.append("WITH a, b, sum(c.weight) AS weight")
        else:
            lines.append("WITH a, b, c.weight AS weight")
        if in_regions:
            lines.append(f"WHERE {least}")
        self.lines = lines

    def then(self, *lines: str) -> str:
        """Return the whole query; empty if it would be too long to read."""
        return "" if self.too_long else "\n".join([*self.lines, *lines])


def partners(begun: Between, direction: Direction, fields: Sequence[str]) -> str:
    """Ask for partners with their shares."""
    mine, theirs = ("a", "b") if direction == "downstream" else ("b", "a")
    named = "".join(f", {theirs}.{quoted(one)} AS {quoted(f'partner_{one}')}" for one in fields)
    return begun.then(
        f"RETURN {mine}.root_id AS neuron, {theirs}.root_id AS partner, weight,",
        "       1.0 * weight / a.out_synapses AS share_of_output,",
        f"       1.0 * weight / b.in_synapses AS share_of_input{named}",
        "ORDER BY weight DESC, neuron, partner",
    )


def partner_groups(begun: Between, direction: Direction, by: Sequence[str]) -> str:
    """Ask for partners summed by properties."""
    mine, theirs = ("a", "b") if direction == "downstream" else ("b", "a")
    kinds = ", ".join(
        f"coalesce({theirs}.{quoted(one)}, {written(UNKNOWN)}) AS {quoted(one)}" for one in by
    )
    gathered, counted = "collect(DISTINCT {}.root_id)", "size(one.{})"
    if begun.engine == "ladybug":  # it loses other sums beside one of distinct values
        gathered, counted = "collect({}.root_id)", "size(list_distinct(one.{}))"
    held = ", ".join(
        f"{name}: {name}"
        for name in [*map(quoted, by), "partners", "neurons", "connections", "synapses"]
    )
    shown = ", ".join(f"one.{quoted(name)} AS {quoted(name)}" for name in by)
    return begun.then(
        f"WITH {kinds}, {gathered.format(theirs)} AS partners,",
        f"     {gathered.format(mine)} AS neurons,",
        "     count(*) AS connections, sum(weight) AS synapses",
        f"WITH collect({{{held}}}) AS found, sum(synapses) AS total",
        "UNWIND found AS one",
        f"RETURN {shown}, {counted.format('partners')} AS partners,",
        f"       {counted.format('neurons')} AS neurons, one.connections AS connections,",
        "       one.synapses AS weight, 1.0 * one.synapses / total AS share",
        f"ORDER BY weight DESC, {', '.join(quoted(one) for one in by)}",
    )


def sides(
    connectome: Connectome, members: Mapping[str, Sequence[int]], by: str, threshold: int
) -> str:
    """Ask for the partners of left and right neurons, side by side."""
    both = sorted([*members["left"], *members["right"]])
    if not both:
        return ""
    halves = []
    ways: tuple[tuple[Direction, str, str], ...] = (
        ("upstream", "b", "a"),
        ("downstream", "a", "b"),
    )
    for direction, mine, theirs in ways:
        begun = Between(connectome, ends_of(direction, both), threshold)
        sums = [
            f"sum(CASE WHEN {mine}.root_id IN {written(list(members[one]))} THEN weight ELSE 0 END)"
            f" AS `{one}`"
            for one in ("left", "right")
        ]
        shares = [
            f"1.0 * `{one}` / {len(members[one])} AS {one}_per_neuron"
            if members[one]
            else f"null AS {one}_per_neuron"
            for one in ("left", "right")
        ]
        lacks = " ".join(
            f"WHEN `{one}` = 0 THEN '{one}'" for one in ("left", "right") if members[one]
        )
        halves.append(
            begun.then(
                f"WITH coalesce({theirs}.{quoted(by)}, {written(UNKNOWN)}) AS partner_type,",
                f"     {sums[0]},",
                f"     {sums[1]}",
                f"RETURN '{direction}' AS direction, partner_type, `left`, `right`,",
                f"       {shares[0]}, {shares[1]},",
                f"       CASE {lacks} END AS missing_on",
            )
        )
    return "\nUNION ALL\n".join(halves) if all(halves) else ""


def types(begun: Between, by: str, *, by_region: bool) -> str:
    """Ask for connections summed from type to type."""
    region = "region, " if by_region else ""
    kinds = [f"coalesce({end}.{quoted(by)}, {written(UNKNOWN)})" for end in "ab"]
    return begun.then(
        f"WITH {kinds[0]} AS pre_type, {kinds[1]} AS post_type, {region}weight",
        f"RETURN pre_type, post_type, {region}count(*) AS connections, sum(weight) AS synapses,",
        "       1.0 * sum(weight) / count(*) AS mean_weight",
        f"ORDER BY pre_type, post_type{', region' if by_region else ''}",
    )


def connections(begun: Between, *, by_region: bool = False) -> str:
    """Ask for connections, one row each."""
    return begun.then(
        f"RETURN a.root_id AS pre, b.root_id AS post, {'region, ' if by_region else ''}weight",
        "ORDER BY weight DESC, pre, post",
    )


def common(begun: Between, direction: Direction, least: int) -> str:
    """Ask for the partners that several neurons share."""
    theirs = "b" if direction == "downstream" else "a"
    return begun.then(
        f"WITH {theirs}.root_id AS partner, count(*) AS shared_by, sum(weight) AS weight",
        f"WHERE shared_by >= {least}",
        "RETURN partner, shared_by, weight",
        "ORDER BY shared_by DESC, weight DESC, partner",
    )


def neurons(ids: Sequence[int], fields: Sequence[str]) -> str:
    """Ask for neurons with some of their properties."""
    if len(ids) > MOST_IDS:
        return ""
    named = "".join(f", n.{quoted(one)} AS {quoted(one)}" for one in fields)
    return "\n".join(
        [
            "MATCH (n:Neuron)",
            f"WHERE n.root_id IN {written(list(ids))}",
            f"RETURN n.root_id AS root_id{named}",
            "ORDER BY root_id",
        ]
    )


def paths(
    engine: str,
    sources: Sequence[int],
    targets: Sequence[int],
    hops: int,
    threshold: int,
    most: int,
    *,
    shortest: bool,
) -> str:
    """Ask for paths that visit no neuron twice, or only for the shortest ones."""
    if len(sources) + len(targets) > MOST_IDS:
        return ""
    ends = (
        f"a.root_id IN {written(list(sources))} AND b.root_id IN {written(list(targets))} "
        "AND a.root_id <> b.root_id"
    )
    if engine == "ladybug":
        kind = "ALL SHORTEST" if shortest else "ACYCLIC"
        step = f"[:CONNECTS* {kind} 1..{hops} (c, n | WHERE c.weight >= {threshold})]"
        lines = [
            f"MATCH path = (a:Neuron)-{step}->(b:Neuron)",
            f"WHERE {ends}",
            "WITH a.root_id AS source, b.root_id AS target,",
            "     properties(nodes(path), 'root_id') AS root_ids,",
            "     properties(rels(path), 'weight') AS weights",
            "WHERE size(list_distinct(root_ids)) = size(root_ids)",
            "RETURN source, target, size(weights) AS hops, list_sort(weights)[1] AS weakest,",
            "       root_ids, weights",
            "ORDER BY hops, source, target, list_to_string(' ', root_ids)",
        ]
    else:
        least = f"all(c IN relationships(path) WHERE c.weight >= {threshold})"
        if shortest:
            lines = [
                f"MATCH (a:Neuron), (b:Neuron) WHERE {ends}",
                f"MATCH path = allShortestPaths((a)-[:CONNECTS*..{hops}]->(b))",
                f"WHERE {least}",
            ]
        else:
            lines = [
                f"MATCH path = (a:Neuron)-[:CONNECTS*1..{hops}]->(b:Neuron)",
                f"WHERE {ends} AND {least}",
            ]
        step = "CASE WHEN v < w THEN v ELSE w END"
        later = "root_ids[i + 1..]"
        lines += [
            "WITH a.root_id AS source, b.root_id AS target,",
            "     [n IN nodes(path) | n.root_id] AS root_ids,",
            "     [c IN relationships(path) | c.weight] AS weights",
            f"WHERE all(i IN range(0, size(root_ids) - 1) WHERE NOT root_ids[i] IN {later})",
            "RETURN source, target, size(weights) AS hops,",
            f"       reduce(w = weights[0], v IN weights | {step}) AS weakest,",
            "       root_ids, weights",
            "ORDER BY hops, source, target, root_ids",
        ]
    return "\n".join([*lines, f"LIMIT {most}"])
