"""Who is answered by which model, and that nothing changes under a request in work."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from PIL.Image import Image

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.model_selection import PromotedModel, ServingModels
from shared.vlm.protocol import Candidate, Description, PredictedTaste, Rationales, References, ScoredCandidate
from shared.vlm.protocol import Scores as ModelScores


@dataclass(frozen=True)
class Model:
    """A model that is its version and nothing else."""

    model_version: str

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return []

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return []

    async def score(self, candidates: Sequence[Candidate]) -> list[ModelScores]:
        return []

    async def explain(self, scored: Sequence[ScoredCandidate]) -> list[Rationales]:
        return []


@dataclass
class Loads:
    """A loader that knows the folders of some versions, and remembers what it was asked."""

    asked: list[str] = field(default_factory=list)

    def load(self, *, uri: str, sha256: str) -> Model:
        self.asked.append(uri)
        if uri.endswith("broken"):
            raise BadCheckpoint(f"{uri} is broken")
        return Model(uri.rpartition("/")[2])


def _announced(version: str, *, folder: str | None = None) -> PromotedModel:
    return PromotedModel(version, f"/models/{folder or version}", "0" * 64)


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def models(loads: Loads) -> ServingModels:
    return ServingModels(Model("v1"), name="nano", loader=loads)


async def test_the_promoted_model_answers_all_that_come_later(models: ServingModels) -> None:
    before = models.choose(tenant="t", user_id="u")
    assert await models.promote(_announced("v2"))
    assert before.model.model_version == "v1"
    assert models.choose(tenant="t", user_id="u").model.model_version == "v2"


async def test_a_promotion_that_comes_twice_loads_nothing_twice(
    models: ServingModels, loads: Loads
) -> None:
    results = await asyncio.gather(*(models.promote(_announced("v2")) for _ in range(2)))
    assert sorted(results) == [False, True]
    assert loads.asked == ["/models/v2"]


async def test_a_broken_model_leaves_the_champion(models: ServingModels) -> None:
    with pytest.raises(BadCheckpoint):
        await models.promote(_announced("v2", folder="broken"))
    assert models.champion.model_version == "v1"
    assert await models.promote(_announced("v2"))


async def test_a_folder_that_holds_another_version_is_refused(models: ServingModels) -> None:
    with pytest.raises(BadCheckpoint, match="holds v3, but v2 was announced"):
        await models.promote(_announced("v2", folder="v3"))
    assert models.champion.model_version == "v1"


async def test_a_canary_answers_its_share_of_users_and_always_the_same_ones(
    models: ServingModels,
) -> None:
    await models.try_out(_announced("v2"), canary_share=0.2, shadow_share=0)
    users = [f"user-{n}" for n in range(2_000)]
    first = [models.choose(tenant="t", user_id=user) for user in users]
    assert [models.choose(tenant="t", user_id=user) for user in users] == first
    canaries = [chosen for chosen in first if chosen.variant == "challenger"]
    assert 0.16 < len(canaries) / len(users) < 0.24
    assert {chosen.model.model_version for chosen in canaries} == {"v2"}


async def test_another_canary_takes_other_users(models: ServingModels) -> None:
    users = [f"user-{n}" for n in range(1_000)]

    async def canaries(version: str) -> set[str]:
        await models.try_out(_announced(version), canary_share=0.2, shadow_share=0)
        return {u for u in users if models.choose(tenant="t", user_id=u).variant == "challenger"}

    first, second = await canaries("v2"), await canaries("v3")
    assert len(first & second) < 0.5 * len(first)


async def test_a_shadow_scores_its_share_of_requests_and_answers_none(
    models: ServingModels,
) -> None:
    await models.try_out(_announced("v2"), canary_share=0, shadow_share=0.3)
    chosen = {models.choose(tenant="t", user_id=f"u{n}").variant for n in range(500)}
    shadowed = sum(models.shadow(tenant="t", request_id=f"r{n}") is not None for n in range(1_000))
    assert chosen == {"champion"}
    assert 240 < shadowed < 360


async def test_both_shares_at_nothing_send_the_challenger_away(models: ServingModels) -> None:
    await models.try_out(_announced("v2"), canary_share=1, shadow_share=1)
    assert models.choose(tenant="t", user_id="u").variant == "challenger"
    await models.try_out(_announced("v2"), canary_share=0, shadow_share=0)
    assert models.lineup.challenger is None
    assert models.choose(tenant="t", user_id="u").model.model_version == "v1"


async def test_a_challenger_that_wins_is_not_loaded_again(
    models: ServingModels, loads: Loads
) -> None:
    await models.try_out(_announced("v2"), canary_share=0.5, shadow_share=0)
    challenger = models.lineup.challenger
    await models.promote(_announced("v2"))
    assert models.champion is challenger
    assert models.lineup.challenger is None
    assert loads.asked == ["/models/v2"]


async def test_a_broken_challenger_changes_nothing(models: ServingModels) -> None:
    with pytest.raises(BadCheckpoint):
        await models.try_out(_announced("v2", folder="broken"), canary_share=0.5, shadow_share=0)
    assert models.lineup.challenger is None
