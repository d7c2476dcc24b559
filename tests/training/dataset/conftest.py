"""Give each test an empty world."""

from pathlib import Path

import pytest

from tests.training.dataset.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "lake")
