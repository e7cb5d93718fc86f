"""A CAVE server on this machine: serves a folder as the real services would."""

from loader.sandbox.standin.build import write_folder
from loader.sandbox.standin.faults import Faults, Rule
from loader.sandbox.standin.folder import Folder, Version
from loader.sandbox.standin.server import RunningServer, serve
from loader.sandbox.standin.wire import RequestRecord

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
