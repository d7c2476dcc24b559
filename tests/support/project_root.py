"""The path of the project's root folder, for tests that read or run its files."""

from pathlib import Path
from typing import Final

PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]
