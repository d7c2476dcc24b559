"""What only the engine in process does: a whole checkpoint takes over while it serves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.retrain.registry.folders import ModelFolders, NewVersion
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.promoted_model import InProcessLoader
from shared.vlm.settings import ModelSettings

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def loader() -> Iterator[InProcessLoader]:
    made = InProcessLoader(ModelSettings(model_threads=1, model_device="cpu"))
    yield made
    made.close()


def test_a_whole_checkpoint_can_take_over_as_well(loader: InProcessLoader, tmp_path: Path) -> None:
    folders = ModelFolders(tmp_path / "models", loader.release)
    new = NewVersion("whole-2", "checkpoint", "preferthinker-nano", datetime.now(UTC))
    kept = folders.add(loader.release.folder, new)
    assert loader.load(uri=folders.uri(kept), sha256=kept.sha256).model_version == "whole-2"


def test_a_folder_that_is_not_there_is_refused(loader: InProcessLoader, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="is not a folder"):
        loader.load(uri=(tmp_path / "gone").as_uri(), sha256="0" * 64)
