"""Every engine replaces versions between requests, in both directions, and refuses bad packages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from services.retrain.registry.folders import ModelFolders, NewVersion
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import release
from shared.vlm.factory import EngineLoader
from shared.vlm.model_selection import PromotedModel, ServingModels
from tests.contract.vlm.engines import ENGINES, candidates, opener, settings_for
from tests.support.adapters import write_adapter

pytestmark = [pytest.mark.model, pytest.mark.timeout(1200)]
RELEASE = release(None)
CANDIDATES = candidates(3)


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[EngineLoader]:
    async with opener(settings_for(request.param, request))() as opened:
        yield opened


@pytest.fixture
def version() -> str:
    """Version of an adapter, never used before at the one server of the test run."""
    return f"swap-{uuid4().hex[:8]}"


@pytest.fixture
def folders(tmp_path: Path, version: str) -> ModelFolders:
    folders = ModelFolders(tmp_path / "models", RELEASE)
    folders.add(
        write_adapter(tmp_path / "adapter", seed=1, strength=0.1), _new(version, RELEASE.version)
    )
    return folders


async def test_running_requests_keep_the_model_that_they_selected(
    engine: EngineLoader, folders: ModelFolders, version: str
) -> None:
    first = await asyncio.to_thread(engine.load_release)
    models = ServingModels(first, name=engine.name, loader=engine)
    expected = {first.model_version: [s.total for s in await first.score(CANDIDATES)]}
    answers: list[tuple[str, list[float]]] = []

    async def score() -> None:
        model = models.select(tenant="t", user_id="u").model
        scores = await model.score(CANDIDATES)
        answers.append((model.model_version, [s.total for s in scores]))

    tasks = [asyncio.create_task(score()) for _ in range(20)]
    await asyncio.sleep(0)
    await models.promote(_promoted(folders, version))
    expected[version] = [s.total for s in await models.champion.score(CANDIDATES)]
    await asyncio.gather(*tasks, *(score() for _ in range(20)))

    assert expected[version] != pytest.approx(expected[first.model_version], abs=1e-2)
    assert len(answers) == 40
    assert {answered_by for answered_by, _ in answers} == set(expected)
    for answered_by, totals in answers:
        assert totals == pytest.approx(expected[answered_by], abs=1e-3), answered_by
    # Back to the release, by the address of a rollback, and to the adapter again.
    for again in (RELEASE.version, version):
        await models.promote(_promoted(folders, again))
        totals = [s.total for s in await models.champion.score(CANDIDATES)]
        assert totals == pytest.approx(expected[again], abs=1e-3)


async def test_a_challenger_scores_while_the_champion_scores(
    engine: EngineLoader, folders: ModelFolders, version: str
) -> None:
    models = ServingModels(
        await asyncio.to_thread(engine.load_release), name=engine.name, loader=engine
    )
    await models.set_challenger(_promoted(folders, version), canary_share=0.5, shadow_share=0.0)
    selected = {models.select(tenant="t", user_id=f"u{n}").model for n in range(40)}
    assert {model.model_version for model in selected} == {RELEASE.version, version}
    scores = await asyncio.gather(*(model.score(CANDIDATES) for model in selected))
    assert len({tuple(round(s.total, 3) for s in model_scores) for model_scores in scores}) == 2


async def test_an_adapter_for_another_base_is_refused(
    engine: EngineLoader, folders: ModelFolders, tmp_path: Path
) -> None:
    other = folders.add(tmp_path / "adapter", _new("swap-other", "qwen-7b"))
    with pytest.raises(BadCheckpoint, match="changes qwen-7b, but"):
        await _load(engine, folders.uri(other), other.sha256)


async def test_a_folder_that_was_changed_after_its_promotion_is_refused(
    engine: EngineLoader, folders: ModelFolders, version: str
) -> None:
    package = folders.find(version)
    (package.folder / "adapter_model.safetensors").write_bytes(b"cut off")
    with pytest.raises(BadCheckpoint, match="not the file that the manifest names"):
        await _load(engine, folders.uri(package), package.sha256)


@pytest.mark.parametrize("uri", ["https://models.example/nano", "relative/folder", ""])
async def test_an_address_that_is_no_local_folder_is_refused(
    engine: EngineLoader, uri: str
) -> None:
    with pytest.raises(BadCheckpoint, match="cannot be opened as a model folder"):
        await _load(engine, uri, "0" * 64)


async def test_another_release_is_refused(engine: EngineLoader) -> None:
    with pytest.raises(BadCheckpoint, match="the same release"):
        await _load(engine, "release:nano-0", RELEASE.sha256)


async def _load(engine: EngineLoader, uri: str, sha256: str) -> None:
    await asyncio.to_thread(engine.load, uri=uri, sha256=sha256)


def _new(version: str, base: str) -> NewVersion:
    return NewVersion(version, "adapter", RELEASE.name, datetime.now(UTC), base_version=base)


def _promoted(folders: ModelFolders, version: str) -> PromotedModel:
    package = folders.find(version)
    return PromotedModel(package.version, folders.uri(package), package.sha256)
