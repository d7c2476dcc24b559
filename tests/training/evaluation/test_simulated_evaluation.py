"""The proof on simulated benchmarks: a perfect model gets everything right."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element, Taste
from shared.images.decoding.image_file import read_image
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from tests.fakes.scores import COLOR_ONLY, certain_scores
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.simulated import description_accuracy
from training.evaluation.simulated.__main__ import write
from training.evaluation.simulated.cases import Truth, read_truth
from training.evaluation.simulated.evaluate import evaluate, evaluate_pairs
from training.evaluation.simulated.metrics import metrics, words_similarity
from training.evaluation.simulated.report import ALL_SETS, prove
from training.prefersim.benchmark import write_benchmark
from training.prefersim.drawing.photographs import HELD_OUT
from training.prefersim.users.true_answers import TrueScore, score_elements

USERS = 3


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "hard"
    write_benchmark(folder, level="hard", limit=USERS)
    return folder


@pytest.fixture(scope="module")
def truth(hard: Path) -> Truth:
    return read_truth(hard)


def words(taste: Taste) -> tuple[dict[Element, tuple[str, ...]], dict[Element, tuple[str, ...]]]:
    sides = (taste.preference, taste.non_preference)
    likes, dislikes = ({e: tuple(w.word for w in side[e]) for e in ELEMENTS} for side in sides)
    return likes, dislikes


@dataclass
class PerfectModel:
    """A model that knows the values of every image file, and every user's profile."""

    folder: Path
    truth: Truth
    model_version: str = "perfect-1"
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
            read_image(case.liked[0]).tobytes(): PredictedTaste(case.likes, case.dislikes)
            for cases in self.truth.splits.values()
            for case in cases
        }

    def _keep(self, folder: Path, file: str, shown: dict[str, str]) -> None:
        key = read_image(folder / "images" / file).tobytes()
        self.shows[key] = {Element(name): word for name, word in shown.items()}

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return [self._tastes[of_user.liked[0].tobytes()] for of_user in references]

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return [Description({}) for _ in images]

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return [
            certain_scores({e: score.digit for e, score in self._true_scores(candidate).items()})
            for candidate in candidates
        ]

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return [
            Rationales({e: score.rationale for e, score in self._true_scores(s.candidate).items()})
            for s in scored
        ]

    def _true_scores(self, candidate: ScoringInput) -> dict[Element, TrueScore]:
        likes, dislikes = words(candidate.taste)
        return score_elements(self.shows[candidate.image.tobytes()], likes=likes, dislikes=dislikes)


async def test_a_perfect_model_gets_everything_right(hard: Path, truth: Truth) -> None:
    other_user = []
    for cases in truth.splits.values():
        measured = metrics(await evaluate(PerfectModel(hard, truth), cases), seed=1)
        assert measured.users == USERS
        accuracy = {condition: share.value for condition, share in measured.accuracy.items()}
        other_user.append(accuracy.pop("other_user"))
        assert accuracy == {"predicted": 1, "given": 1, "user_blind": 0.5}
        assert {share.value for share in measured.profile.values()} == {1}
        assert measured.profile_similarity.value == measured.faithful.value == 1
        assert measured.ndcg is not None
        assert measured.ndcg.value == 1
        assert measured.calibration.error == 0
    assert min(other_user) < 1


async def test_learned_element_weights_do_not_change_the_totals(hard: Path, truth: Truth) -> None:
    class CountsColor(PerfectModel):
        async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
            return [replace(s, weights=COLOR_ONLY) for s in await super().score(candidates)]

    for cases in truth.splits.values():
        model = CountsColor(hard, truth)
        for answers in (await evaluate(model, cases), await evaluate_pairs(model, cases)):
            pairs = [of_user.pairs["predicted"] for of_user in answers]
            assert all(better.total > worse.total for better, worse in pairs)


async def test_synonyms_are_right_and_other_words_are_wrong(hard: Path, truth: Truth) -> None:
    class Synonymous(PerfectModel):
        async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
            by_first = {
                read_image(case.liked[0]).tobytes(): PredictedTaste(
                    case.likes_in_synonyms, case.dislikes | {Element.COLOR: ("no such color",)}
                )
                for cases in self.truth.splits.values()
                for case in cases
            }
            return [by_first[of_user.liked[0].tobytes()] for of_user in references]

    answers = await evaluate(Synonymous(hard, truth), truth.splits["seen_sp"])
    profile = metrics(answers, seed=1).profile
    assert profile["art style"].value == 1
    assert profile["color"].value == 0.5


async def test_a_proof_is_written_as_json_as_markdown_and_as_a_plot(
    hard: Path, truth: Truth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ("DRAWINGS", "DEGRADED", "PHOTOGRAPHS"):
        monkeypatch.setattr(description_accuracy, size, 20)
    proof = await prove(PerfectModel(hard, truth), {"hard": truth}, seed=1)
    assert proof.levels["hard"][ALL_SETS].users == 4 * USERS
    write(proof, tmp_path)
    written = json.loads((tmp_path / "proof.json").read_text())
    assert written["checksums"] == {"hard": truth.checksum}
    assert (
        "| pairs, predicted profile | 1.000 (0.439-1.000) |" in (tmp_path / "proof.md").read_text()
    )
    # A description without words is right for the unknown values of photographs.
    described = written["described"]
    assert described["photographs"]["art style"]["value"] == 1
    assert described["drawings"]["art style"]["value"] == 0
    assert described["drawings"]["art style"]["users"] == 20
    assert described["photographs"]["art style"]["users"] <= len(HELD_OUT)
    ElementTree.fromstring((tmp_path / "reliability.svg").read_text())


def test_changed_benchmark_files_are_an_error(hard: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    write_benchmark(changed, level="easy", limit=1)
    next(changed.glob("data/SEEN_SP/images/*-A.png")).write_bytes(b"other")
    with pytest.raises(BadBenchmark, match="write the benchmark again"):
        read_truth(changed)


def test_the_similarity_of_words_is_that_of_their_best_matches() -> None:
    assert words_similarity(Element.ART_STYLE, {1}, {1}) == 1
    assert words_similarity(Element.ART_STYLE, {1}, {2}) == 0
    assert 0 < words_similarity(Element.SATURATION, {1}, {2}) < 1
    assert words_similarity(Element.ART_STYLE, {1, 2}, {1}) == 0.75
    assert words_similarity(Element.ART_STYLE, set(), {1}) == 0
