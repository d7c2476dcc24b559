"""The proof counts right on the simulated benchmarks: who knows everything gets everything."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.vlm.protocol import (
    Candidate,
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredCandidate,
    Scores,
)
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.simulated import description_accuracy as naming
from training.evaluation.simulated.__main__ import write
from training.evaluation.simulated.cases import Truth, opened, read_truth
from training.evaluation.simulated.evaluate import NOBODY, PREDICTED, TOLD, ask, ask_pairs
from training.evaluation.simulated.metrics import count, side_likeness
from training.evaluation.simulated.report import TOGETHER, prove
from training.prefersim.benchmark import write_benchmark
from training.prefersim.users.true_answers import judge_all

USERS = 3


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "hard"
    write_benchmark(folder, level="hard", limit=USERS)
    return folder


@pytest.fixture(scope="module")
def truth(hard: Path) -> Truth:
    return read_truth(hard)


def certain(digit: int) -> tuple[float, ...]:
    return tuple(float(k == digit) for k in range(6))


def words(taste: Taste) -> tuple[dict[Element, tuple[str, ...]], dict[Element, tuple[str, ...]]]:
    sides = (taste.preference, taste.non_preference)
    likes, dislikes = ({e: tuple(w.word for w in side[e]) for e in ELEMENTS} for side in sides)
    return likes, dislikes


@dataclass
class Knowing:
    """A model that knows what every file of a benchmark shows, and every user's taste."""

    folder: Path
    truth: Truth
    model_version: str = "knowing-1"
    shows: dict[bytes, dict[Element, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.truth.splits:
            folder = self.folder / "data" / name.upper()
            for row in json.loads((folder / f"{name.upper()}.json").read_text()):
                self._keep(folder, row["imageA"], row["shows"]["imageA"])
                self._keep(folder, row["imageB"], row["shows"]["imageB"])
            for row in json.loads((folder / "slates.json").read_text()):
                for file, shown in zip(row["images"], row["shows"], strict=True):
                    self._keep(folder, file, shown)
        self._tastes = {
            opened(case.liked[0]).tobytes(): PredictedTaste(case.likes, case.dislikes)
            for cases in self.truth.splits.values()
            for case in cases
        }

    def _keep(self, folder: Path, file: str, shown: dict[str, str]) -> None:
        key = opened(folder / "images" / file).tobytes()
        self.shows[key] = {Element(name): word for name, word in shown.items()}

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return [self._tastes[asked.liked[0].tobytes()] for asked in references]

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return [Description({}) for _ in images]

    async def score(self, candidates: Sequence[Candidate]) -> list[Scores]:
        return [
            Scores({e: certain(judged.digit) for e, judged in self._judged(asked).items()})
            for asked in candidates
        ]

    async def explain(self, scored: Sequence[ScoredCandidate]) -> list[Rationales]:
        return [
            Rationales({e: judged.reason for e, judged in self._judged(one.candidate).items()})
            for one in scored
        ]

    def _judged(self, asked: Candidate):  # type: ignore[no-untyped-def]
        likes, dislikes = words(asked.taste)
        return judge_all(self.shows[asked.image.tobytes()], likes=likes, dislikes=dislikes)


async def test_who_knows_everything_gets_everything_right(hard: Path, truth: Truth) -> None:
    for cases in truth.splits.values():
        counted = count(await ask(Knowing(hard, truth), cases), seed=1)
        assert counted.users == USERS
        assert [counted.accuracy[whose].value for whose in (PREDICTED, TOLD, NOBODY)] == [1, 1, 0.5]
        assert {told.value for told in counted.profile.values()} == {1}
        assert counted.profile_similarity.value == counted.faithful.value == 1
        assert counted.ndcg is not None
        assert counted.ndcg.value == 1
        assert counted.calibration.error == 0


async def test_a_version_that_counts_elements_otherwise_is_asked_for_plain_sums(
    hard: Path, truth: Truth
) -> None:
    class CountsColor(Knowing):
        async def score(self, candidates: Sequence[Candidate]) -> list[Scores]:
            weights = ElementWeights(art_style=0, color=5, medium=0, saturation=0, detail=0)
            return [replace(one, weights=weights) for one in await super().score(candidates)]

    for cases in truth.splits.values():
        for asked in (await ask(CountsColor(hard, truth), cases),
                      await ask_pairs(CountsColor(hard, truth), cases)):  # fmt: skip
            assert all(b.total > w.total for one in asked for b, w in [one.pairs[PREDICTED]])


async def test_a_taste_in_other_words_is_right_and_another_taste_is_not(
    hard: Path, truth: Truth
) -> None:
    class Synonymous(Knowing):
        async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
            by_first = {
                opened(case.liked[0]).tobytes(): PredictedTaste(
                    case.said_likes, case.dislikes | {Element.COLOR: ("no such color",)}
                )
                for cases in self.truth.splits.values()
                for case in cases
            }
            return [by_first[asked.liked[0].tobytes()] for asked in references]

    asked = await ask_pairs(Synonymous(hard, truth), truth.splits["seen_sp"])
    counted = [side for one in asked for side in (one.predicted.likes, one.predicted.dislikes)]
    assert len(counted) == 2 * USERS
    whole = await ask(Synonymous(hard, truth), truth.splits["seen_sp"])
    profile = count(whole, seed=1).profile
    assert profile["art style"].value == 1
    assert profile["color"].value == 0.5


async def test_a_whole_proof_is_written_as_json_markdown_and_a_picture(
    hard: Path, truth: Truth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ("DRAWINGS", "DEGRADED", "PHOTOGRAPHS"):
        monkeypatch.setattr(naming, size, 20)
    proof = await prove(Knowing(hard, truth), {"hard": truth}, seed=1)
    assert proof.levels["hard"][TOGETHER].users == 4 * USERS
    write(proof, tmp_path)
    told = json.loads((tmp_path / "proof.json").read_text())
    assert told["checksums"] == {"hard": truth.checksum}
    assert "| taste: predicted | 1.000 (0.439-1.000) |" in (tmp_path / "proof.md").read_text()
    # A model that says nothing of any image is right where nothing can be told.
    assert told["named"]["photographs"]["art style"]["value"] == 1
    assert told["named"]["drawings"]["art style"]["value"] == 0
    assert np.asarray(opened(tmp_path / "reliability.png")).std() > 0


def test_files_that_are_not_the_benchmarks_are_refused(hard: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    write_benchmark(changed, level="easy", limit=1)
    next(changed.glob("data/SEEN_SP/images/*-A.png")).write_bytes(b"other")
    with pytest.raises(BadBenchmark, match="write the benchmark anew"):
        read_truth(changed)


def test_sets_of_words_are_alike_by_their_nearest_values() -> None:
    assert side_likeness(Element.ART_STYLE, {1}, {1}) == 1
    assert side_likeness(Element.ART_STYLE, {1}, {2}) == 0
    assert 0 < side_likeness(Element.SATURATION, {1}, {2}) < 1
    assert side_likeness(Element.ART_STYLE, {1, 2}, {1}) == 0.75
    assert side_likeness(Element.ART_STYLE, set(), {1}) == 0
