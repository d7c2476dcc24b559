"""The in-process engine replaces a whole checkpoint while it serves."""

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
    loader = InProcessLoader(ModelSettings(model_threads=1, model_device="cpu"))
    yield loader
    loader.close()


def test_a_whole_checkpoint_can_be_promoted(loader: InProcessLoader, tmp_path: Path) -> None:
    folders = ModelFolders(tmp_path / "models", loader.release)
    new = NewVersion("whole-2", "checkpoint", "preferthinker-nano", datetime.now(UTC))
    package = folders.add(loader.release.folder, new)
    assert loader.load(uri=folders.uri(package), sha256=package.sha256).model_version == "whole-2"


def test_a_missing_folder_is_refused(loader: InProcessLoader, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="is not a folder"):
        loader.load(uri=(tmp_path / "gone").as_uri(), sha256="0" * 64)
