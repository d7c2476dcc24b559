"""Error of the embedded engine, translated into `Unavailable` by the stores."""


class EngineError(Exception):
    """The engine cannot answer: its process ended, the disk is full, or a file is damaged."""


class FolderInUse(EngineError):
    """Another process has opened the folder."""
