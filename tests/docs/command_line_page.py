"""Writes docs/command-line.md from the commands' own help: run me after changing a command."""

from __future__ import annotations

from pathlib import Path

import typer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"

#: What the example prints: compared with what it prints by test_documents.
EXAMPLE = (
    "         neuron_id  downstream_partners  upstream_partners  output_synapses  input_synapses",
    "576460752706383037                   21                 41              176             459",
    "576460752710731579                   25                 50              270             521",
    "576460752720551649                   33                 38              286             343",
    "... 23 rows in all; --rows 0 shows them, --csv saves them",
    "[",
    " {",
    '  "pre": "576460752716521815",',
    '  "post": "576460752732847432",',
    '  "weight": 15',
)


def page() -> str:
    """Give the page's text."""
    from loader.cli.app import app

    group = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        "Made by `python tests/docs/command_line_page.py` from the commands' own help.",
        "",
        "Exit codes: 0 success; 1 the disk or the system failed; 2 bad argument, or a file that "
        "cannot be written; 3 something you named does not exist; 4 error of the graph "
        "database; 5 error of CAVE; 6 a load or a verification failed.",
        "",
        "Every command that reads takes neurons by id or by `--where`. It prints a table, or "
        "writes it with `--csv`, `--parquet` or `--json`. Root ids stay exact in all of them. "
        "Write `-` in place of ids to read them from standard input. `cavegraph values FIELD` "
        "lists the values that `--where` can match.",
        "",
        "A table that is wider than the terminal shows the columns that fit and names the "
        "hidden ones: `--columns a,b` chooses columns, `--wide` shows all. Output to a pipe "
        "hides nothing. Spreadsheets round root ids and run text that begins with `=`; add "
        "`--csv-safe` to `--csv` for a file that they read unchanged.",
        "",
        "`cavegraph --install-completion` teaches your shell the commands and options.",
        "",
        "```bash",
        "export CAVEGRAPH_URI=cavegraph-demo/demo_ant.lbug",
        "cavegraph counts --where cell_class=EBc --where side=left --threshold 5 --rows 3",
        "cavegraph upstream 576460752732847432 --threshold 13 --json - | head -5",
        "```",
        "",
        "```text",
        *EXAMPLE,
        "```",
    ]
    lines += _commands(group, "cavegraph")
    return "\n".join(lines) + "\n"


def _commands(group: object, path: str) -> list[str]:
    lines: list[str] = []
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "list_commands"):
            lines += _commands(command, f"{path} {name}")
            continue
        lines += ["", f"## `{path} {name}`", "", (command.help or "").strip(), ""]
        rows = [row for row in map(_row, command.params) if row]
        if rows:
            lines += ["| argument | meaning |", "|---|---|", *rows]
    return lines


def _row(param: object) -> str:
    names = ", ".join(f"`{opt}`" for opt in param.opts)
    if param.name == "help":
        return ""
    default = param.default() if callable(param.default) else param.default
    shown = "" if default in (None, "", False) else f" Default: `{default}`."
    text = (getattr(param, "help", None) or "").replace("|", "\\|")
    return f"| {names} | {text}{shown} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
