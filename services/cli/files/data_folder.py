"""Check the data folder before a command writes to it."""

from pathlib import Path

from services.cli.output.console import fail
from shared.files.writable_folder import UnusableFolder, no_folder_because, prepare_folder

ADVICE = "set PREFERSTREAM_DATA_DIR to another folder"


def prepare_data_dir(data_dir: Path) -> None:
    """Create the data folder; one that cannot be written to ends the command with the reason."""
    try:
        prepare_folder(data_dir, advice=ADVICE)
    except UnusableFolder as error:
        fail(f"the data folder cannot be used: {error}")


def require_folder(data_dir: Path) -> None:
    """End the command when the data folder is a file, or a link to nothing; it may be missing."""
    problem = no_folder_because(data_dir)
    if problem is not None:
        fail(f"the data folder cannot be used: {problem}, or {ADVICE}")
