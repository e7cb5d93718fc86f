"""What a run is about, where its files are, and the Neo4j server that it asks."""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loader.sandbox.synthetic import SyntheticBrain, make_brain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j_server.process import LocalServer


@dataclass(frozen=True)
class Run:
    """One run.

    Parameters
    ----------
    work
        Folder for everything that is made.
    connections
        Size of the largest brain.
    memory
        Limit given to loads, ours and the raw aggregation alike.
    heap, page_cache
        Memory of the Neo4j server.
    """

    work: Path
    connections: int
    memory: str = "3GB"
    heap: str = "2g"
    page_cache: str = "2g"

    @property
    def sizes(self) -> list[int]:
        """Sizes for what is measured as it grows."""
        return [self.connections // 16, self.connections // 4, self.connections]

    @property
    def cave_size(self) -> int:
        """Size of the brain that the CAVE stand-in serves."""
        return self.sizes[0]

    def brain(self, connections: int | None = None) -> SyntheticBrain:
        """Give a brain, made where it is not there yet."""
        wanted = connections or self.connections
        folder = self.work / f"brain-{wanted}"
        if not (folder / "brain.json").exists():
            # a brain for trying this out is too small to be as sparse as the fly's
            neurons = None if wanted >= 200_000 else int((10 * wanted) ** 0.5)
            make_brain(folder, connections=wanted, neurons=neurons, progress=False)
        return SyntheticBrain.read(folder)

    def graph(self, connections: int | None = None) -> Path:
        """Name the graph file of a brain."""
        return self.work / f"graph-{connections or self.connections}.lbug"

    def results(self) -> dict[str, Any]:
        """Read what the sections have found so far."""
        found = {}
        for path in sorted(self.work.glob("result-*.json")):
            found[path.stem.removeprefix("result-")] = json.loads(path.read_text("utf-8"))
        return found

    def keep(self, section: str, found: dict[str, Any]) -> None:
        """Write down what a section has found."""
        text = json.dumps(found, indent=1)
        (self.work / f"result-{section}.json").write_text(text, encoding="utf-8")

    @property
    def neo4j_home(self) -> Path:
        """Folder of the Neo4j server."""
        return self.work / "neo4j"

    def server(self) -> LocalServer:
        """Give the server, not started; it needs Maven and Java."""
        from neo4j_server.maven import assemble
        from neo4j_server.process import LocalServer

        return LocalServer(assemble(), self.neo4j_home, heap=self.heap, page_cache=self.page_cache)

    def admin(self, home: Path) -> str:
        """Give the command of `neo4j-admin` for a server's folder, for the shell."""
        from neo4j_server.maven import assemble
        from neo4j_server.process import LocalServer, admin_command

        distribution = assemble()
        LocalServer(distribution, home).prepare()
        return shlex.join(admin_command(distribution, home))

    @contextmanager
    def running_server(self) -> Iterator[LocalServer]:
        """Start the server over the graph that has been imported; stop it in the end."""
        server = self.server().start()
        try:
            yield server
        finally:
            server.stop()


def neo4j_is_here() -> bool:
    """Tell whether a server can be put together."""
    from neo4j_server.maven import maven_obstacle

    return maven_obstacle() is None
