"""A CAVE server for one machine: serves a folder as the real services would."""

from loader.standin.build import write_folder
from loader.standin.faults import Faults, Rule
from loader.standin.folder import Folder, Version
from loader.standin.server import RunningServer, serve
from loader.standin.wire import RequestRecord

__all__ = [
    "Faults",
    "Folder",
    "RequestRecord",
    "Rule",
    "RunningServer",
    "Version",
    "serve",
    "write_folder",
]
