"""Named sets of neurons, in a small JSON file beside the graph."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.common.files import write_bytes_whole
from graphapi.errors import InputError
from graphapi.ids import parse_root_ids
from graphapi.serve.replies import RefusalError

if TYPE_CHECKING:
    from graphapi.connectome import Connectome

_LONGEST_NAME = 100
_LONGEST_NOTE = 2000
_MOST_SETS = 10_000
_FORMAT = 1


class NamedSets:
    """The sets of one graph; safe to use from several threads.

    Parameters
    ----------
    connectome
        The graph.
    path
        The file; None for the one beside a graph file, or one in the user's data folder for a
        graph on a server.
    """

    def __init__(self, connectome: Connectome, path: Path | None = None) -> None:
        self.path = path or _usual_place(connectome)
        self._connectome = connectome
        self._lock = threading.Lock()

    def all(self) -> dict[str, dict[str, Any]]:
        """Return every set by name: `ids` (texts), `note`, `changed`, `version`.

        Raises
        ------
        InputError
            The file cannot be read, or is not a file of sets.
        """
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"the sets in '{self.path}' cannot be read: {error}") from error
        try:
            sets: dict[str, dict[str, Any]] = json.loads(text)["sets"]
            for one in sets.values():
                parse_root_ids(one["ids"], what=f"'{self.path}'")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(
                f"'{self.path}' is not a file of sets", hint="mend it, or move it away"
            ) from error
        return sets

    def read(self, name: str) -> dict[str, Any]:
        """Return one set.

        Raises
        ------
        RefusalError
            There is none of this name.
        """
        sets = self.all()
        if name not in sets:
            raise RefusalError(
                404,
                "set",
                f"there is no set {name[:_LONGEST_NAME]!r}",
                hint=f"sets here: {', '.join(sorted(sets)[:20]) or 'none'}",
            )
        return sets[name]

    def write(self, name: str, ids: list[str], note: str) -> dict[str, Any]:
        """Save a set, in place of one of the same name.

        Raises
        ------
        InputError
            The name is not one, or the file cannot be written.
        """
        spoilt = not name.isprintable() or any(sign in name for sign in "/;")
        if not name.strip() or len(name) > _LONGEST_NAME or spoilt:
            raise InputError(
                f"{name[:_LONGEST_NAME]!r} cannot be the name of a set",
                hint=f"1 to {_LONGEST_NAME} characters, without line breaks, / and ;",
            )
        if len(note) > _LONGEST_NOTE:
            raise InputError(f"the note has more than {_LONGEST_NOTE:,} characters")
        made = {
            "ids": ids,
            "note": note,
            "changed": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": self._connectome.materialization.version,
        }
        with self._lock:
            sets = self.all()
            if name not in sets and len(sets) >= _MOST_SETS:
                raise InputError(f"there are {len(sets):,} sets", hint="delete some")
            self._save({**sets, name: made})
        return made

    def delete(self, name: str) -> None:
        """Delete a set.

        Raises
        ------
        RefusalError
            There is none of this name.
        """
        with self._lock:
            self.read(name)
            self._save({key: one for key, one in self.all().items() if key != name})

    def _save(self, sets: dict[str, dict[str, Any]]) -> None:
        said = {
            "format": _FORMAT,
            "datastack": self._connectome.materialization.datastack,
            "sets": dict(sorted(sets.items())),
        }
        content = json.dumps(said, ensure_ascii=False, indent=1).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make '{self.path.parent}': {error.strerror}") from error
        write_bytes_whole(
            self.path,
            content,
            private=True,
            hint="the folder of the graph is read-only: start the server with --sets FILE",
        )


def _usual_place(connectome: Connectome) -> Path:
    import platformdirs

    if not connectome.is_served:
        graph = Path(connectome.engine.uri)
        return graph.with_name(f"{graph.name}.sets.json")
    made = connectome.materialization
    safe = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in made.datastack)
    return Path(platformdirs.user_data_dir("cavegraph")) / f"{safe}.sets.json"
