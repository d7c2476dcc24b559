"""The parts of the loop: populations, the release at the start, visits on disk, ended jobs."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.checkpoint.model_package import read_model_package
from tests.training.simulate.arms.recordings import TruthfulEngine
from training.simulate import users
from training.simulate.arms.recorded_days import Recording
from training.simulate.loop.day import Visit
from training.simulate.loop.options import Options
from training.simulate.loop.start_weights import (
    CATALOG,
    OTHER_SEED,
    learned_population_weights,
    weighted_release,
)
from training.simulate.loop.system import System
from training.simulate.loop.visit_log import VisitLog
from training.simulate.measure.metrics import RankedSlate
from training.simulate.population import FAMILIAR, UNFAMILIAR, population_of


def _visit(user: int, image: int) -> Visit:
    order = np.array([image, 4])
    return Visit(user, order, RankedSlate(order, 2, 1), (image, 4), (image,), Taste(), "nano", "ok",
                 {image: 12.5})  # fmt: skip


def test_visits_survive_a_kill_except_a_line_that_it_cut_off(tmp_path: Path) -> None:
    log = VisitLog(tmp_path / "visits.jsonl")
    assert log.read() == {}
    log.add([_visit(3, 7), _visit(3, 8)])
    with (tmp_path / "visits.jsonl").open("a") as file:
        file.write('[{"user": 5, "candid')
    log.add([_visit(1, 9)])
    visits = log.read()
    assert sorted(visits) == [1, 3]
    (first, second) = visits[3]
    assert (first.viewed, first.clicked, first.scores) == ((7, 4), (7,), {7: 12.5})
    assert second.candidates.tolist() == [8, 4]
    log.delete()
    assert log.read() == {}


def test_the_familiar_population_is_the_one_of_the_recorded_days() -> None:
    population = population_of(FAMILIAR)
    names = [user.name for user in population.draw_users(3, seed=5)]
    assert names == [user.name for user in users.draw_users(3, seed=5)]
    with pytest.raises(ValueError, match="there is no population 'strange'"):
        population_of("strange")


def test_the_words_of_unfamiliar_images_are_those_of_its_vocabulary() -> None:
    population = population_of(UNFAMILIAR)
    (user,) = population.draw_users(1, seed=2)
    liked, disliked = population.reference_images(user, 5, seed=2)
    assert user.appeal(liked.shown).mean() > user.appeal(disliked.shown).mean()
    for j, element in enumerate(ELEMENTS):
        words = {population.vocabulary[element][k] for k in liked.shown[:, j]}
        assert set(user.taste.like_words[element]) & words


def test_weights_learned_from_other_users_come_near_those_of_the_population() -> None:
    population, options = population_of(FAMILIAR), Options(users=80, catalog_size=CATALOG)
    others = Recording(Path(), 1 + OTHER_SEED, options, population, Path())
    weights = learned_population_weights(TruthfulEngine(others), population, users=80, seed=1)
    assert weights[Element.COLOR] == max(weights.in_order)
    assert weights[Element.COLOR] > 1.5
    assert weights[Element.MEDIUM] < 0.8


def test_the_release_at_the_start_has_its_weights_and_another_version(tmp_path: Path) -> None:
    weights = ElementWeights(art_style=2.0, color=0.5, medium=1.5, saturation=0.5, detail=0.5)
    package = read_model_package(weighted_release(tmp_path / "release", weights))
    shipped = read_model_package(shipped_folder())
    assert package.element_weights == weights
    assert package.version != shipped.version
    assert package.name == shipped.name


def test_settings_follow_from_the_options(tmp_path: Path) -> None:
    assert Options().settings(tmp_path) == {}
    options = Options(methods="sft", weight_users=10, least_users=20)
    assert options.settings(tmp_path) == {
        "PREFERSTREAM_MODEL": str(tmp_path.resolve()),
        "PREFERSTREAM_TRAINING_METHODS": "sft",
        "PREFERSTREAM_GATE_MIN_USERS": "20",
        "PREFERSTREAM_GATE_MIN_PAIRS": "80",
    }


def test_jobs_that_ended_are_read_in_their_order(tmp_path: Path) -> None:
    system = System("", tmp_path)
    assert system.ended_jobs() == []
    for age, name in enumerate(("manual-b", "manual-a")):
        folder = tmp_path / "training-jobs" / name
        folder.mkdir(parents=True)
        (folder / "end.json").write_text(json.dumps({"job": name}))
        os.utime(folder / "end.json", (1_000 + age, 1_000 + age))
    assert [job["job"] for job in system.ended_jobs()] == ["manual-b", "manual-a"]
