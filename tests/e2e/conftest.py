"""One running system and one user's image files, shared by the end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.system import System, running


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that image files are read from."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[System]:
    data_dir = tmp_path_factory.mktemp("system")
    with running(
        data_dir,
        PREFERSTREAM_ALLOWED_FILE_ROOTS=str(pictures),
        # Tests send malformed events by the hundred, and Kafka may hand them out all together.
        PREFERSTREAM_DEAD_LETTER_SAMPLE="4000",
    ) as up:
        yield up
