"""An outsider's reading: a fresh clone, a fresh environment, each command of two pages pasted.

`python tests/docs/outsider.py FOLDER` clones this repository into the new folder, pastes every
block of README and quick start into a shell there, in order, and compares what is printed with
what the pages say. It takes some minutes; what needs an account, and the tests, are not pasted.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from examples import ROOT, blocks, plain

_NOT_PASTED = re.compile(r"needs an account|runs this very test")


def main(folder: str) -> int:
    """Read both pages; give how many outputs differ."""
    place = Path(folder)
    subprocess.run(["git", "clone", "--quiet", ROOT, place], check=True)
    wrong = sum(read(place, place / page) for page in ("README.md", "docs/quick-start.md"))
    sys.stdout.write(f"{wrong} outputs differ\n")
    return min(wrong, 1)


def read(place: Path, page: Path) -> int:
    """Paste the blocks of a page into a shell, one after the other."""
    wrong, printed, before = 0, "", []
    for block in blocks(page):
        if block.kind in ("bash", "python") and not _NOT_PASTED.search(block.notes):
            code = block.code
            if block.kind == "python":
                before.append(code)
                code = f".venv/bin/python -c {shlex.quote(''.join(before))}\n"
            printed = pasted(place, code)
            if block.kind == "bash":
                exported = re.findall(r"^(?:export|source) .*$", code, re.MULTILINE)
                _exports.extend(exported)
        elif block.kind == "text" and printed:
            told = plain(block.code)
            if plain(printed)[-len(told) :] != told:
                wrong += 1
                sys.stdout.write(f"{page.name} says\n{block.code}but it was\n{printed}\n")
            printed = ""
    return wrong


_exports: list[str] = []


def pasted(place: Path, code: str) -> str:
    """Run a block as a shell does that a person types into; give what it printed."""
    hidden = ("VIRTUAL_ENV", "PYTHONPATH", "CAVEGRAPH_URI", "CAVEGRAPH_TOKEN", "CAVEGRAPH_SERVER")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -e", *_exports, code])],
        cwd=place,
        env={**kept, "PYTHONWARNINGS": "default"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{code}\nended with {done.returncode}:\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
