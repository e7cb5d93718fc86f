"""Write files for Neo4j Browser: a style sheet, saved queries, a guided tour.

``python -m loader.browser.browserkit FOLDER [CLASS ...]`` writes all three. The copies in
`docs/browser/` come from it, with the classes of the demo datastack.
"""

from __future__ import annotations

import argparse
import html
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graphapi.common.palette import UNKNOWN_COLOR, class_colors
from graphapi.engines.queries import quoted
from graphapi.engines.savedqueries import saved_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The property that holds a neuron's class in the saved queries.
CLASS: Final = "cell_class"
#: Classes of the demo datastack, the largest first.
DEMO_CLASSES: Final = (
    "ER", "FBt", "spiny_kenyon_cell", "olfactory_projection_neuron", "PBt",
    "antennal_lobe_local_neuron", "EBc", "FBc", "smooth_kenyon_cell", "lateral_horn_neuron",
    "olfactory_receptor_neuron", "descending_neuron", "optic_lobe_tangential",
    "mushroom_body_output_neuron",
)  # fmt: skip
#: The steps of the tour: a saved query, and the text above it.
_TOUR: Final = (
    ("what_is_this_graph", "A graph holds one version of one datastack. This one holds:"),
    (
        "schema_picture",
        "Neurons, the connections between them, and the annotation rows about them.",
    ),
    ("class_sizes", "Most neurons have no annotation. They are called Unknown."),
    ("class_picture", "Which classes connect: the stronger the connection, the wider the arrow."),
    ("find_by_text", "Find neurons by a word. Copy a root id for the next step."),
    ("neighbourhood_picture", "One neuron and its strongest partners."),
    ("neighbourhood", "The same, to go on from: double-click a neuron."),
    ("class_paths_picture", "From the ring neurons to the Delta7 neurons of the compass."),
    ("class_feed_forward_loops", "Three neurons, two ways."),
    ("unknown_partners", "What to annotate next."),
    ("colours_on", "To colour every picture by class, give the classes labels. You can undo it."),
)
_WIDTHS: Final = (("BELOW", 1), ("FROM", 2), ("FROM", 4), ("FROM", 8), ("FROM", 13))
_STEPS: Final = {"neurons": (5, 10, 20, 50), "classes": (500, 1000, 2000, 5000)}


def label_of(class_name: str) -> str:
    """Return the label of a class in pictures; it has letters, digits and `_` only."""
    return re.sub("[^A-Za-z0-9_]", "_", class_name)


def grass(classes: Sequence[str] = DEMO_CLASSES, *, has_names: bool = False) -> str:
    """Write a style sheet in Neo4j Browser's language, GraSS.

    Parameters
    ----------
    classes
        Cell classes to colour, as `Connectome.get_class_colors` lists them: the largest first.
        They have the same colours here as in figures; neurons without a class stay grey.
    has_names
        The neurons have an annotation field `name`. Captions show `name`, because that is
        what the schema's picture calls a node; set this to avoid showing a name twice.

    Returns
    -------
    str
        The style sheet. GraSS can style by label and relationship type, but not by property.
        So classes are labels in pictures, and line widths are relationship types.
    """
    return "\n".join(_rules(classes, "" if has_names else "{name}"))


def favourites(field: str = CLASS) -> bytes:
    """Return the saved queries as a ZIP file, which Browser imports as a folder of favourites.

    Parameters
    ----------
    field
        The property that holds a neuron's class.

    Returns
    -------
    bytes
        The same queries always give the same bytes.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for query in saved_queries():
            entry = zipfile.ZipInfo(f"cavegraph/{query.name}.cypher", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, _by(field, query.text))
    return out.getvalue()


def _by(field: str, text: str) -> str:
    """Put another property in place of the class of the demo datastack."""
    written = field if field.isidentifier() else quoted(field)
    return re.sub(rf"\b{CLASS}\b", lambda _: written, text)


def tour(field: str = CLASS) -> str:
    """Return the guided tour: HTML slides that Browser shows with ``:play``."""
    texts = {query.name: query for query in saved_queries()}
    slides = [
        _slide("cavegraph: a tour", "<p>Click a query to copy it to the editor, then run it.</p>")
    ]
    for name, words in _TOUR:
        code = html.escape(_by(field, texts[name].text), quote=False)
        body = (
            f"<p>{html.escape(words)}</p>"
            f'<pre class="pre-scrollable code runnable" data-lang="cypher">{code}</pre>'
        )
        slides.append(_slide(texts[name].summary, body))
    return f'<article class="guide">\n{"".join(slides)}</article>\n'


def write_kit(
    folder: Path,
    classes: Sequence[str] = DEMO_CLASSES,
    *,
    field: str = CLASS,
    has_names: bool = False,
) -> list[Path]:
    """Write style sheet, favourites and tour to a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    style, saved, guide = (
        folder / name for name in ("cavegraph.grass", "cavegraph-favourites.zip", "tour.html")
    )
    style.write_text(grass(classes, has_names=has_names), encoding="utf-8")
    saved.write_bytes(favourites(field))
    guide.write_text(tour(field), encoding="utf-8")
    return [style, saved, guide]


def _slide(title: str, body: str) -> str:
    inside = f"<h3>{html.escape(title)}</h3>\n{body}\n"
    return f'<slide class="row-fluid"><div class="col-sm-12">\n{inside}</div></slide>\n'


def _rules(classes: Sequence[str], schema_name: str) -> Iterator[str]:
    yield _rule("node", {"diameter": "50px", **_paint(UNKNOWN_COLOR), "font-size": "12px"})
    yield _rule(
        "relationship",
        {
            "color": "#b4bac4",
            "shaft-width": "1px",
            "font-size": "11px",
            "padding": "3px",
            "text-color-external": "#000000",
            # Weights stand within wide arrows: dark on light, to be read there.
            "text-color-internal": "#000000",
            "caption": "'<type>'",
        },
    )
    for label, color, size, caption in (
        ("Neuron", UNKNOWN_COLOR, 70, f"{{display_name}}{schema_name}"),
        ("CellClass", UNKNOWN_COLOR, 80, "{display_name}"),
        ("Annotation", "#ffffff", 80, "{annotation_table}{name}"),
        ("Materialization", "#333333", 100, "{datastack}{name}"),
    ):
        shape = {"diameter": f"{size}px", "caption": f"'{caption}'"}
        yield _rule(f"node.{label}", {**_paint(color), **shape})
    for name, color in class_colors(classes).items():
        yield _rule(f"node.{label_of(name)}", _paint(color))
    yield _rule("relationship.CONNECTS", {"shaft-width": "2px", "caption": "'{weight}{name}'"})
    for steps in _STEPS.values():
        for (word, width), step in zip(_WIDTHS, (steps[0], *steps), strict=True):
            look = {"shaft-width": f"{width}px", "caption": "'{weight}'"}
            yield _rule(f"relationship.{word}_{step}", look)


def _rule(selector: str, properties: dict[str, str]) -> str:
    lines = "".join(f"  {name}: {value};\n" for name, value in properties.items())
    return f"{selector} {{\n{lines}}}\n"


def _paint(color: str) -> dict[str, str]:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    darker = f"#{red * 3 // 4:02x}{green * 3 // 4:02x}{blue * 3 // 4:02x}"
    is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 140  # of 255, as eyes see it
    text = "#000000" if is_light else "#ffffff"
    return {"color": color, "border-color": darker, "text-color-internal": text}


def main(argv: Sequence[str] | None = None) -> int:
    """Write the three files."""
    parser = argparse.ArgumentParser(
        prog="python -m loader.browser.browserkit", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="folder for the files")
    parser.add_argument("classes", nargs="*", help="cell classes to colour, the largest first")
    parser.add_argument("--field", default=CLASS, help="field that holds the class")
    parser.add_argument("--has-names", action="store_true", help="neurons have a field `name`")
    asked = parser.parse_args(argv)
    classes = asked.classes or DEMO_CLASSES
    made = write_kit(asked.folder, classes, field=asked.field, has_names=asked.has_names)
    for path in made:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
