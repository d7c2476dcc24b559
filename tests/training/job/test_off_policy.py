"""Logged slates are read from the lake, scored within the time, and valued by the gate."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pytest
from PIL.Image import Image

from services.assessor.steps.reranking.exploration import fair_pairs
from services.retrain.jobs.erasure import JobErasure
from shared.domain.user import User
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from tests.training.dataset.world import NOW, SHOWN, FakeImages, World
from tests.training.job.models import BrightnessModel
from training.dataset.lake import open_lake
from training.dataset.settings import DatasetSettings
from training.dataset.slates import join_feedback
from training.gate.off_policy.findings import examine_off_policy
from training.job.context import Job
from training.job.evidence.models import ComparedModels
from training.job.evidence.off_policy import collection
from training.job.evidence.off_policy.collection import (
    IMAGES_OF_USERS,
    NO_SLATES,
    collect_off_policy,
    off_policy_part,
)
from training.job.evidence.off_policy.image_baseline import logistic_scores
from training.job.evidence.off_policy.lake_slates import count_looks, count_swaps, read_slates
from training.job.evidence.off_policy.logged_feeds import LakeWindow, read_logged_feeds
from training.job.scoring.feedback_cases import UnreadableCases
from training.job.stages import Budget, Stages

SETTINGS = DatasetSettings(held_out_users=0.5)
NAMES = [f"i{n}" for n in range(6)]


class MeanColor:
    """An encoder whose vectors are mean colors."""

    name, dimension = "mean-color", 3

    async def encode(self, images: Sequence[Image]) -> np.ndarray:
        colors = np.array([np.asarray(image.convert("RGB")).mean(axis=(0, 1)) for image in images])
        return np.asarray(colors / np.linalg.norm(colors, axis=1, keepdims=True), np.float32)


def _world(tmp_path: Path, *, users: int = 60, share: float = 1.0) -> World:
    world = World(tmp_path / "lake")
    rng = np.random.default_rng(4)
    for number in range(users):
        user = f"u{number}"
        world.act(
            "reference_like", "liked", user=user, request=None,
            at=SHOWN - timedelta(hours=1), uri="mem:liked",
        )  # fmt: skip
        world.act(
            "reference_dislike", "disliked", user=user, request=None,
            at=SHOWN - timedelta(hours=1), uri="mem:disliked",
        )  # fmt: skip
        for visit in range(3):
            request = f"r{number}-{visit}"
            places = fair_pairs(len(NAMES), share=share, seed=UUID(int=int(rng.integers(2**60))))
            shown = world.slate(NAMES, user=user, request=request, places=places)
            viewed = shown[: int(rng.integers(1, 7))]
            world.act("view", *viewed, user=user, request=request)
            liked = [name for name in viewed if rng.random() < 0.5]
            world.act("click", *liked, user=user, request=request)
    world.write()
    return world


def _feeds(world: World, folder: Path):  # type: ignore[no-untyped-def]
    window = LakeWindow(str(world.lake), (NOW - timedelta(days=30)).date(), {})
    return read_logged_feeds(window, folder, FakeImages, settings=SETTINGS)


def test_slates_have_the_ranks_propensities_views_and_clicks_of_their_feeds(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "lake")
    places = fair_pairs(4, share=1.0, seed=UUID(int=5))
    shown = world.slate(["a", "b", "c", "d"], places=places)
    world.act("view", *shown[:3])
    world.act("click", shown[1])
    world.act("click", shown[3])  # not viewed: not a click
    world.slate(["a", "b"], request="unseen")
    world.slate(["a", "b"], request="ruled", rules={"a": "pin"})
    world.act("view", "a", request="ruled")
    world.write()
    with open_lake(str(world.lake), since=(NOW - timedelta(days=9)).date()) as connection:
        join_feedback(connection, SETTINGS)
        held_out, others = read_slates(connection, held_out_share=0.0)
        looks, swaps = count_looks(connection), count_swaps(connection)
    assert held_out == []
    (slate,) = others
    assert slate.images == tuple(shown)
    assert slate.propensities == pytest.approx([place.propensity for place in places])
    assert slate.explored == tuple(place.explored for place in places)
    assert slate.viewed == (True, True, True, False)
    assert slate.clicked == (False, True, False, False)
    assert looks is not None
    assert looks.shown.tolist() == [[1, 1, 1, 1]]
    assert looks.viewed.tolist() == [[1, 1, 1, 0]]
    assert swaps.upper.sum() + swaps.lower.sum() == 1


def test_a_lake_is_scored_and_valued(tmp_path: Path) -> None:
    feeds = _feeds(_world(tmp_path), tmp_path / "dataset")
    users = {slate.user for slate in feeds.held_out}
    assert users.isdisjoint({slate.user for slate in feeds.others})
    models = ComparedModels(BrightnessModel(), BrightnessModel(inverted=lambda image: True))
    progress: list[tuple[str, int, int]] = []
    evidence = collect_off_policy(
        feeds, models, MeanColor(), is_late=lambda: False,
        advance=lambda part, done, total: progress.append((part, done, total)),
    )  # fmt: skip
    assert len(evidence.held_out) == len(feeds.held_out) == evidence.available == progress[-1][1]
    findings = examine_off_policy(evidence, seed=0)
    assert findings is not None
    assert findings.problem is None
    assert [order.name for order in findings.orders][:2] == ["champion", "challenger"]
    assert len(findings.orders) == 3
    # Each image is scored once a taste, not once a slate.
    assert models.champion.scored == len(NAMES)  # type: ignore[attr-defined]


def test_without_time_for_all_slates_the_rest_is_left_out(tmp_path: Path) -> None:
    feeds = _feeds(_world(tmp_path, users=40), tmp_path / "dataset")
    calls = iter([False, False, *[True] * 99])
    evidence = collect_off_policy(
        feeds, ComparedModels(BrightnessModel(), BrightnessModel()), None,
        is_late=lambda: next(calls), advance=lambda *progress: None,
    )  # fmt: skip
    assert (len(evidence.held_out), len(evidence.others)) == (8, 0)
    findings = examine_off_policy(evidence, seed=0)
    assert findings is not None
    assert "8 slates of 8 held-out users were scored" in str(findings.problem)


def test_a_lake_without_held_out_feeds_says_what_a_feed_needs(tmp_path: Path) -> None:
    feeds = _feeds(World(tmp_path / "lake"), tmp_path / "dataset")
    evidence = collect_off_policy(
        feeds, ComparedModels(BrightnessModel(), BrightnessModel()), None,
        is_late=lambda: False, advance=lambda *progress: None,
    )  # fmt: skip
    assert evidence.problem == NO_SLATES


def test_the_image_baseline_prefers_what_resembles_the_likes() -> None:
    images = np.eye(3, dtype=np.float32)
    both = logistic_scores(images, images[:1], images[1:2])
    assert both.argmax() == 0
    assert both.argmin() == 1
    assert logistic_scores(images, images[:1], images[:0]).argmax() == 0
    assert logistic_scores(images, images[:0], images[:0]).tolist() == [0, 0, 0]


def test_the_window_is_that_of_the_job(tmp_path: Path) -> None:
    model = ModelFolder(folder=tmp_path, version="v", kind="checkpoint")
    request = TrainingJobRequest(
        job="j", requested_at=NOW, lake="lake", release=model, champion=model, minutes=1
    )
    window = LakeWindow.of(request, SETTINGS)
    assert window.since == (NOW - timedelta(days=SETTINGS.window_days)).date()


def test_an_erasure_deletes_the_images_of_a_users_feeds(tmp_path: Path) -> None:
    world = _world(tmp_path, users=8)
    feeds = _feeds(world, tmp_path / "dataset")
    slate = feeds.held_out[0]
    models = ComparedModels(BrightnessModel(), BrightnessModel())
    collect_off_policy(feeds, models, None, is_late=lambda: False, advance=lambda *progress: None)
    lines = (tmp_path / "dataset" / IMAGES_OF_USERS).read_text().splitlines()
    assert {json.loads(line)["user"] for line in lines} == {
        "/".join(slate.owner) for slate in (*feeds.held_out, *feeds.others)
    }
    named = {name for line in lines for name in json.loads(line)["images"]}
    stored = {f"images/{file.name}" for file in (tmp_path / "dataset" / "images").iterdir()}
    assert named == stored
    erasure = JobErasure(tmp_path)
    erased = erasure.erase(User(tenant=slate.tenant, user_id=slate.user))
    assert erased["job_lines"] == sum(f'"{"/".join(slate.owner)}"' in line for line in lines)


def test_a_feed_that_cannot_be_used_costs_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise UnreadableCases("an image is gone")

    monkeypatch.setattr(collection, "read_logged_feeds", fail)
    model = ModelFolder(folder=tmp_path, version="v", kind="checkpoint")
    request = TrainingJobRequest(
        job="j", requested_at=NOW, lake="lake", release=model, champion=model, minutes=1
    )
    budget = Budget(tmp_path, seconds=60)
    dependencies = SimpleNamespace(dataset=SETTINGS)
    job = Job(tmp_path, request, dependencies, Stages(tmp_path, budget, print))  # type: ignore[arg-type]
    part = off_policy_part(job, ComparedModels(BrightnessModel(), BrightnessModel()), None)
    evidence = part(lambda: False, lambda *progress: None)
    assert "an image is gone" in str(evidence.problem)
