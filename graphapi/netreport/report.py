"""Write a report into a folder."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from graphapi.common.files import write_bytes_whole
from graphapi.errors import InputError
from graphapi.netreport.findings import Findings, find
from graphapi.netreport.page import Section, page
from graphapi.network.labels import column_of
from graphapi.plots.canvas import pyplot
from graphapi.plots.statistics import (
    degree_plot,
    distance_plot,
    motif_gallery,
    rich_club_plot,
    triad_spectrum,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphapi.common.threads import Stop
    from graphapi.network.distances import PathLengths
    from graphapi.network.graph import DirectedGraph
    from graphapi.network.nulls import NullModel

_DPI = 130


@dataclass(frozen=True, eq=False)
class Report:
    """The files and tables of a report.

    Parameters
    ----------
    html
        The page; it needs no other file.
    figures
        PNG files, by name.
    files
        CSV files, by name of the table.
    tables
        The tables themselves.
    """

    html: Path
    figures: dict[str, Path]
    files: dict[str, Path]
    tables: dict[str, pd.DataFrame]

    def __repr__(self) -> str:
        return f"<Report at {self.html}; .tables holds {', '.join(self.tables)}>"

    def _repr_html_(self) -> str:
        return self.html.read_text("utf-8")


def write_report(
    folder: str | Path,
    graph: DirectedGraph,
    model: NullModel,
    *,
    title: str,
    facts: dict[str, str],
    nulls: int,
    seed: int,
    top: int,
    labels: pd.Series[Any] | None,
    workers: int | None,
    stop: Stop | None = None,
) -> Report:
    """Compute, draw and write a report.

    Parameters
    ----------
    folder, nulls, seed, top, workers
        See `graphapi.ask.motifs.MotifQuestions.report`.
    graph, model
        The graph, and what the null graphs keep.
    title
        Title of the page.
    facts
        Facts about the graph, by name.
    labels
        A property of neurons by root id, with its name; None for no table of roles.
    stop
        Ends the work early.
    """
    pyplot()  # if it is missing, fail before the work
    place = _made(folder)
    found = find(graph, model, nulls=nulls, seed=seed, top=top, workers=workers, stop=stop)
    tables = tables_of(found)
    if labels is not None:
        hubs = tables["hubs"]
        hubs.insert(0, column_of(str(labels.name), hubs.columns), labels.reindex(hubs.index))
        tables["roles"] = connected_roles(graph, labels, stop)
    pictures = pictures_of(found)
    facts = {
        **facts,
        "null graphs": found.nulls,
        "checked in every null graph": ", ".join(found.kept),
        "connections shared with a null graph": f"{found.shared:.1%} on average",
    }
    text = page(title, facts, sections_of(found, tables, pictures))
    html = place / "report.html"
    write_bytes_whole(html, text.encode("utf-8"))
    figures = {name: place / f"{name}.png" for name in pictures}
    for name, path in figures.items():
        write_bytes_whole(path, pictures[name])
    files = {name: place / f"{name}.csv" for name in tables}
    for name, path in files.items():
        write_bytes_whole(path, tables[name].to_csv().encode("utf-8"))
    return Report(html, figures, files, tables)


def tables_of(found: Findings) -> dict[str, pd.DataFrame]:
    """Return the tables of a report by name."""
    paths = {"directed": found.directed, "undirected": found.undirected}
    distances = pd.DataFrame({name: one.to_frame()["pairs"] for name, one in paths.items()})
    summary = pd.DataFrame(
        {
            "mean": {name: one.mean for name, one in paths.items()},
            "longest": {name: one.longest for name, one in paths.items()},
            "pairs_with_a_path": {name: one.reached_share for name, one in paths.items()},
            "from_neurons": {name: one.sources for name, one in paths.items()},
        }
    )
    summary.index.name = "paths"
    return {
        "statistics": found.statistics,
        "triads": found.census,
        "rich_club": found.rich_club,
        "degrees": found.degrees,
        "hubs": found.hubs.copy(),
        "paths": summary,
        "distances": distances.fillna(0).astype("int64"),
    }


def connected_roles(
    graph: DirectedGraph, labels: pd.Series[Any], stop: Stop | None = None
) -> pd.DataFrame:
    """Count the roles of each label in connected triads."""
    from graphapi.network.labelled import label_roles

    table = label_roles(graph, labels, stop=stop)
    return table.set_axis([" ".join(map(str, role)) for role in table.columns], axis=1)


def pictures_of(found: Findings) -> dict[str, bytes]:
    """Draw the figures of a report, as PNG by name."""
    return {
        "triad_spectrum": _drawn(lambda: triad_spectrum(found.census).figure),
        "motifs": _drawn(lambda: motif_gallery(found.census)),
        "rich_club": _drawn(lambda: rich_club_plot(found.rich_club).figure),
        "degrees": _drawn(lambda: degree_plot(found.degrees).figure),
        "distances": _drawn(lambda: distance_plot(found.directed.to_frame()).figure),
    }


def sections_of(
    found: Findings, tables: dict[str, pd.DataFrame], pictures: dict[str, bytes]
) -> list[Section]:
    """Return the sections of the page."""
    curve = tables["rich_club"]
    step = max(1, len(curve) // 20)
    sections = [
        Section(
            "Statistics",
            "Shares and counts, with those of the null graphs if they can differ. z: difference "
            "from their mean in standard deviations. p: empirical, two-sided.",
            table=tables["statistics"],
        ),
        Section(
            "Triads",
            "All triads, by their 16 classes. Orange: more than in the null graphs, "
            "blue: fewer, grey: p of 0.05 or above.",
            (pictures["triad_spectrum"], "Counts of the 13 connected classes beside null graphs"),
            tables["triads"],
        ),
        Section("Motifs", "", (pictures["motifs"], "The 13 connected classes of triads, drawn")),
        Section(
            "Rich club",
            "Share of the ordered pairs of neurons with more than k partners that are connected. "
            "A ratio above 1 means that neurons with many partners prefer each other.",
            (pictures["rich_club"], "Rich-club curve beside null graphs"),
            curve.iloc[::step],
        ),
        Section(
            "Degrees",
            "Neurons with k upstream or downstream partners, or more.",
            (pictures["degrees"], "Degree distributions"),
        ),
        Section("Hubs", "The neurons with the most partners.", table=tables["hubs"]),
        Section(
            "Path lengths",
            _said_of(found.directed),
            (pictures["distances"], "Pairs of neurons by the length of the shortest path"),
            tables["paths"],
        ),
    ]
    if "roles" in tables:
        roles = tables["roles"]
        most = roles.loc[:, roles.sum().sort_values(ascending=False, kind="stable").index[:12]]
        sections.append(Section("Roles by label", "The twelve most frequent roles.", table=most))
    return sections


def _said_of(paths: PathLengths) -> str:
    if not paths.sampled:
        return "Between all ordered pairs of neurons with a path from one to the other."
    return (
        f"From {paths.sources:,} of {paths.neurons:,} neurons, drawn at random, to all others: "
        "an estimate."
    )


def _drawn(draw: Callable[[], Any]) -> bytes:
    figure = draw()
    try:
        file = io.BytesIO()
        # without the date, the same figure is the same file
        figure.savefig(file, format="png", dpi=_DPI, bbox_inches="tight", metadata={"Software": ""})
        return file.getvalue()
    finally:
        pyplot().close(figure)


def _made(folder: str | Path) -> Path:
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"report: cannot make folder '{place}': {error.strerror}") from error
    return place
