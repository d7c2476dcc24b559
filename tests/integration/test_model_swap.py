"""The shipped model and its adapters: loaded, merged, swapped between requests, refused."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from services.retrain.registry import ModelFolders, NewVersion
from shared.taste import Taste
from shared.vlm.checkpoint import BadCheckpoint
from shared.vlm.loading import InProcessLoader
from shared.vlm.protocol import Candidate
from shared.vlm.serving import Announced, ServingModels
from shared.vlm.settings import ModelSettings
from tests.adapters import write_adapter

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]
PICTURES = [Image.new("RGB", (84, 84), color) for color in ("red", "navy", "white")]
ASKED = [Candidate(Taste(), picture) for picture in PICTURES]


@pytest.fixture(scope="module")
def loader() -> Iterator[InProcessLoader]:
    made = InProcessLoader(ModelSettings(model_threads=1, model_device="cpu"))
    yield made
    made.close()


@pytest.fixture
def folders(tmp_path: Path, loader: InProcessLoader) -> ModelFolders:
    made = ModelFolders(tmp_path / "models", loader.release)
    made.add(write_adapter(tmp_path / "adapter", seed=1), _new("swap-2", loader.release.version))
    return made


def _new(version: str, base: str) -> NewVersion:
    return NewVersion(
        version, "adapter", "preferthinker-nano", datetime.now(UTC), base_version=base
    )


def _announced(folders: ModelFolders, version: str) -> Announced:
    found = folders.find(version)
    return Announced(found.version, folders.uri(found), found.sha256)


async def test_requests_in_work_end_on_the_model_they_began_with(
    loader: InProcessLoader, folders: ModelFolders
) -> None:
    release = loader.load_release()
    models = ServingModels(release, name="preferthinker-nano", loader=loader)
    expected = {release.model_version: [s.total for s in await release.score(ASKED)]}
    answers: list[tuple[str, list[float]]] = []

    async def ask() -> None:
        model = models.choose(tenant="t", user_id="u").model
        scores = await model.score(ASKED)
        answers.append((model.model_version, [score.total for score in scores]))

    asking = [asyncio.create_task(ask()) for _ in range(20)]
    await asyncio.sleep(0)
    await models.promote(_announced(folders, "swap-2"))
    expected["swap-2"] = [s.total for s in await models.champion.score(ASKED)]
    await asyncio.gather(*asking, *(ask() for _ in range(20)))

    assert expected["swap-2"] != pytest.approx(expected[release.model_version], abs=1e-3)
    assert {version for version, _ in answers} == set(expected)
    for version, totals in answers:
        assert totals == pytest.approx(expected[version], abs=1e-3), version
    # Back to the release, by the address that a rollback announces.
    await models.promote(_announced(folders, loader.release.version))
    again = [s.total for s in await models.champion.score(ASKED)]
    assert again == pytest.approx(expected[release.model_version], abs=1e-3)


def test_an_adapter_for_another_base_is_refused(
    loader: InProcessLoader, folders: ModelFolders, tmp_path: Path
) -> None:
    other = folders.add(tmp_path / "adapter", _new("swap-other", "qwen-7b"))
    with pytest.raises(BadCheckpoint, match="changes qwen-7b, but this process serves"):
        loader.load(uri=folders.uri(other), sha256=other.sha256)


def test_a_whole_checkpoint_can_take_over_as_well(
    loader: InProcessLoader, folders: ModelFolders
) -> None:
    new = NewVersion("whole-2", "checkpoint", "preferthinker-nano", datetime.now(UTC))
    kept = folders.add(loader.release.folder, new)
    assert loader.load(uri=folders.uri(kept), sha256=kept.sha256).model_version == "whole-2"


def test_a_folder_that_was_changed_after_its_promotion_is_refused(
    loader: InProcessLoader, folders: ModelFolders
) -> None:
    kept = folders.find("swap-2")
    (kept.folder / "adapter_model.safetensors").write_bytes(b"cut off")
    with pytest.raises(BadCheckpoint, match="not the file that the manifest names"):
        loader.load(uri=folders.uri(kept), sha256=kept.sha256)


@pytest.mark.parametrize(
    "uri", ["https://models.example/nano", "relative/folder", "file://elsewhere/models/nano", ""]
)
def test_an_address_that_is_no_folder_here_is_refused(loader: InProcessLoader, uri: str) -> None:
    with pytest.raises(BadCheckpoint, match="cannot be opened as a model's folder"):
        loader.load(uri=uri, sha256="0" * 64)


def test_a_folder_that_is_not_there_is_refused(loader: InProcessLoader, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="is not a folder"):
        loader.load(uri=(tmp_path / "gone").as_uri(), sha256="0" * 64)


def test_another_release_than_ours_is_refused(loader: InProcessLoader) -> None:
    with pytest.raises(BadCheckpoint, match="install the same release"):
        loader.load(uri="release:nano-0", sha256=loader.release.sha256)
