"""Users are assigned to models by share, and a request keeps the model that it selected."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from PIL.Image import Image

from shared.domain.requests.request_key import RequestKey
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.model_selection import PromotedModel, ServingModels
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)


@dataclass(frozen=True)
class Model:
    """A model that has a version and no answers."""

    model_version: str

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return []

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return []

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return []

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return []


@dataclass
class RecordingLoader:
    """A loader of any version that records the addresses and fails on broken folders."""

    uris: list[str] = field(default_factory=list)

    def load(self, *, uri: str, sha256: str) -> Model:
        self.uris.append(uri)
        if uri.endswith("broken"):
            raise BadCheckpoint(f"{uri} is broken")
        return Model(uri.rpartition("/")[2])


def _promoted(version: str, *, folder: str | None = None) -> PromotedModel:
    return PromotedModel(version, f"/models/{folder or version}", "0" * 64)


@pytest.fixture
def loader() -> RecordingLoader:
    return RecordingLoader()


@pytest.fixture
def models(loader: RecordingLoader) -> ServingModels:
    return ServingModels(Model("v1"), name="nano", loader=loader)


async def test_the_promoted_model_answers_all_later_requests(models: ServingModels) -> None:
    before = models.select(tenant="t", user_id="u")
    assert await models.promote(_promoted("v2"))
    assert before.model.model_version == "v1"
    assert models.select(tenant="t", user_id="u").model.model_version == "v2"


async def test_a_repeated_promotion_loads_the_model_once(
    models: ServingModels, loader: RecordingLoader
) -> None:
    results = await asyncio.gather(*(models.promote(_promoted("v2")) for _ in range(2)))
    assert sorted(results) == [False, True]
    assert loader.uris == ["/models/v2"]


async def test_a_broken_model_does_not_replace_the_champion(models: ServingModels) -> None:
    with pytest.raises(BadCheckpoint):
        await models.promote(_promoted("v2", folder="broken"))
    assert models.champion.model_version == "v1"
    assert await models.promote(_promoted("v2"))


async def test_a_folder_with_another_version_is_refused(models: ServingModels) -> None:
    with pytest.raises(BadCheckpoint, match="holds v3, but v2 was announced"):
        await models.promote(_promoted("v2", folder="v3"))
    assert models.champion.model_version == "v1"


async def test_a_canary_answers_its_share_of_users_and_always_the_same_users(
    models: ServingModels,
) -> None:
    await models.set_challenger(_promoted("v2"), canary_share=0.2, shadow_share=0)
    users = [f"user-{n}" for n in range(2_000)]
    first = [models.select(tenant="t", user_id=user) for user in users]
    assert [models.select(tenant="t", user_id=user) for user in users] == first
    canaries = [selected for selected in first if selected.variant == "challenger"]
    assert 0.16 < len(canaries) / len(users) < 0.24
    assert {selected.model.model_version for selected in canaries} == {"v2"}


async def test_another_canary_answers_other_users(models: ServingModels) -> None:
    users = [f"user-{n}" for n in range(1_000)]

    async def canaries(version: str) -> set[str]:
        await models.set_challenger(_promoted(version), canary_share=0.2, shadow_share=0)
        return {u for u in users if models.select(tenant="t", user_id=u).variant == "challenger"}

    first, second = await canaries("v2"), await canaries("v3")
    assert len(first & second) < 0.5 * len(first)


async def test_a_shadow_scores_its_share_of_requests_and_answers_none(
    models: ServingModels,
) -> None:
    await models.set_challenger(_promoted("v2"), canary_share=0, shadow_share=0.3)
    variants = {models.select(tenant="t", user_id=f"u{n}").variant for n in range(500)}
    shadows = sum(
        models.select_shadow(RequestKey("t", "ana", f"r{n}")) is not None for n in range(1_000)
    )
    assert variants == {"champion"}
    assert 240 < shadows < 360


async def test_a_shadow_scores_its_share_when_all_users_send_one_request_id(
    models: ServingModels,
) -> None:
    await models.set_challenger(_promoted("v2"), canary_share=0, shadow_share=0.3)
    requests = [RequestKey("t", f"user-{n}", "home") for n in range(1_000)]
    shadows = sum(models.select_shadow(request) is not None for request in requests)
    assert 240 < shadows < 360


async def test_both_shares_at_zero_remove_the_challenger(models: ServingModels) -> None:
    await models.set_challenger(_promoted("v2"), canary_share=1, shadow_share=1)
    assert models.select(tenant="t", user_id="u").variant == "challenger"
    await models.set_challenger(_promoted("v2"), canary_share=0, shadow_share=0)
    assert models.lineup.challenger is None
    assert models.select(tenant="t", user_id="u").model.model_version == "v1"


async def test_a_challenger_that_is_promoted_is_not_loaded_again(
    models: ServingModels, loader: RecordingLoader
) -> None:
    await models.set_challenger(_promoted("v2"), canary_share=0.5, shadow_share=0)
    challenger = models.lineup.challenger
    await models.promote(_promoted("v2"))
    assert models.champion is challenger
    assert models.lineup.challenger is None
    assert loader.uris == ["/models/v2"]


async def test_a_broken_challenger_changes_nothing(models: ServingModels) -> None:
    with pytest.raises(BadCheckpoint):
        await models.set_challenger(
            _promoted("v2", folder="broken"), canary_share=0.5, shadow_share=0
        )
    assert models.lineup.challenger is None
