"""Every engine swaps versions between requests, goes back, and refuses what it cannot serve."""

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
from tests.adapters import write_adapter
from tests.contract.vlm.engines import ENGINES, candidates, opener, settings_for

pytestmark = [pytest.mark.model, pytest.mark.timeout(1200)]
RELEASE = release(None)
ASKED = candidates(3)


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[EngineLoader]:
    async with opener(settings_for(request.param, request))() as opened:
        yield opened


@pytest.fixture
def version() -> str:
    """Of an adapter; the one server of the run never sees it twice."""
    return f"swap-{uuid4().hex[:8]}"


@pytest.fixture
def folders(tmp_path: Path, version: str) -> ModelFolders:
    made = ModelFolders(tmp_path / "models", RELEASE)
    made.add(
        write_adapter(tmp_path / "adapter", seed=1, strength=0.1), _new(version, RELEASE.version)
    )
    return made


async def test_requests_in_work_end_on_the_model_they_began_with(
    engine: EngineLoader, folders: ModelFolders, version: str
) -> None:
    first = await asyncio.to_thread(engine.load_release)
    models = ServingModels(first, name=engine.name, loader=engine)
    expected = {first.model_version: [s.total for s in await first.score(ASKED)]}
    answers: list[tuple[str, list[float]]] = []

    async def ask() -> None:
        model = models.choose(tenant="t", user_id="u").model
        scores = await model.score(ASKED)
        answers.append((model.model_version, [score.total for score in scores]))

    asking = [asyncio.create_task(ask()) for _ in range(20)]
    await asyncio.sleep(0)
    await models.promote(_announced(folders, version))
    expected[version] = [s.total for s in await models.champion.score(ASKED)]
    await asyncio.gather(*asking, *(ask() for _ in range(20)))

    assert expected[version] != pytest.approx(expected[first.model_version], abs=1e-2)
    assert len(answers) == 40
    assert {answered for answered, _ in answers} == set(expected)
    for answered, totals in answers:
        assert totals == pytest.approx(expected[answered], abs=1e-3), answered
    # Back to the release, by the address that a rollback announces, and forth again.
    for again in (RELEASE.version, version):
        await models.promote(_announced(folders, again))
        totals = [s.total for s in await models.champion.score(ASKED)]
        assert totals == pytest.approx(expected[again], abs=1e-3)


async def test_a_challenger_scores_beside_the_champion(
    engine: EngineLoader, folders: ModelFolders, version: str
) -> None:
    models = ServingModels(
        await asyncio.to_thread(engine.load_release), name=engine.name, loader=engine
    )
    await models.try_out(_announced(folders, version), canary_share=0.5, shadow_share=0.0)
    chosen = {models.choose(tenant="t", user_id=f"u{n}").model for n in range(40)}
    assert {model.model_version for model in chosen} == {RELEASE.version, version}
    scores = await asyncio.gather(*(model.score(ASKED) for model in chosen))
    assert len({tuple(round(s.total, 3) for s in one) for one in scores}) == 2


async def test_an_adapter_for_another_base_is_refused(
    engine: EngineLoader, folders: ModelFolders, tmp_path: Path
) -> None:
    other = folders.add(tmp_path / "adapter", _new("swap-other", "qwen-7b"))
    with pytest.raises(BadCheckpoint, match="changes qwen-7b, but"):
        await _load(engine, folders.uri(other), other.sha256)


async def test_a_folder_that_was_changed_after_its_promotion_is_refused(
    engine: EngineLoader, folders: ModelFolders, version: str
) -> None:
    kept = folders.find(version)
    (kept.folder / "adapter_model.safetensors").write_bytes(b"cut off")
    with pytest.raises(BadCheckpoint, match="not the file that the manifest names"):
        await _load(engine, folders.uri(kept), kept.sha256)


@pytest.mark.parametrize("uri", ["https://models.example/nano", "relative/folder", ""])
async def test_an_address_that_is_no_folder_here_is_refused(engine: EngineLoader, uri: str) -> None:
    with pytest.raises(BadCheckpoint, match="cannot be opened as a model's folder"):
        await _load(engine, uri, "0" * 64)


async def test_another_release_than_ours_is_refused(engine: EngineLoader) -> None:
    with pytest.raises(BadCheckpoint, match="the same release"):
        await _load(engine, "release:nano-0", RELEASE.sha256)


async def _load(engine: EngineLoader, uri: str, sha256: str) -> None:
    await asyncio.to_thread(engine.load, uri=uri, sha256=sha256)


def _new(version: str, base: str) -> NewVersion:
    return NewVersion(version, "adapter", RELEASE.name, datetime.now(UTC), base_version=base)


def _announced(folders: ModelFolders, version: str) -> PromotedModel:
    found = folders.find(version)
    return PromotedModel(found.version, folders.uri(found), found.sha256)
