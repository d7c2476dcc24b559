"""Hindsight keeps profiles and words that explain held-back choices, and none of random choices."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Images
from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.vlm.pictures.shown_words import ShownWords
from shared.vlm.pictures.word_scores import digit_probabilities
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from training.finetuning.data.case_files import read_examples
from training.job.examples.hindsight.choices import (
    MAX_USER_SHARE,
    number_choices,
)
from training.job.examples.hindsight.evidence import posterior
from training.job.examples.hindsight.kept_readings import FILE, KeptReadings
from training.job.examples.hindsight.readings import Readings, read_images
from training.job.examples.hindsight.vocabulary import Vocabulary
from training.job.examples.hindsight.write import (
    HINDSIGHT,
    PROFILE_PAIRS,
    Hindsight,
    write_hindsight,
)
from training.job.scoring.feedback_cases import FeedbackCase

WORDS = {
    Element.ART_STYLE: ("cubism", "mosaic", "op art", "pop art"),
    Element.COLOR: ("blue", "green", "red", "yellow"),
    Element.MEDIUM: ("charcoal", "digital", "watercolor"),
    Element.SATURATION: ("muted", "vivid"),
    Element.DETAIL: ("intricate", "plain"),
}
IMAGES = 60


def words_of(image: Image) -> dict[Element, str]:
    """The true words: the red channel of five pixels numbers them."""
    values = np.asarray(image)[0, :, 0]
    return {e: WORDS[e][int(values[k])] for k, e in enumerate(ELEMENTS)}


@dataclass
class PixelModel:
    """Reads the words from pixels, and predicts the same wrong profile for everybody."""

    element_weights: ElementWeights = EQUAL_WEIGHTS

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        likes = {e: (WORDS[e][0],) for e in ELEMENTS}
        dislikes = {e: (WORDS[e][1],) for e in ELEMENTS}
        return [PredictedTaste(likes, dislikes) for _ in references]

    def describe(self, images: Sequence[Image]) -> list[Description]:
        return [Description({e: (word,) for e, word in words_of(i).items()}) for i in images]

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return [
            Scores(digit_probabilities(ShownWords(_certain(words_of(c.image))), c.taste))
            for c in candidates
        ]

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return [Rationales({}) for _ in scored]


@dataclass
class CountingModel(PixelModel):
    """Counts its scores."""

    scored: int = 0

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        self.scored += len(candidates)
        return super().score(candidates)


def _certain(words: dict[Element, str]) -> dict[Element, dict[str, float]]:
    return {e: {word: 1.0} for e, word in words.items()}


def _images(folder: Path, rng: np.random.Generator) -> tuple[list[Path], np.ndarray]:
    (folder / "images").mkdir()
    values = np.stack([rng.integers(len(WORDS[e]), size=IMAGES) for e in ELEMENTS], axis=1)
    files = []
    for number, row in enumerate(values):
        pixels = np.zeros((8, 8, 3), np.uint8)
        pixels[0, : len(ELEMENTS), 0] = row
        pixels[1, 0, 1] = number  # two images with the same words are two images
        files.append(folder / "images" / f"{number:02}.png")
        Images.fromarray(pixels).save(files[-1])
    return files, values


def _cases(
    folder: Path, *, users: int, pairs: int, seed: int, at_random: bool = False
) -> tuple[list[FeedbackCase], dict[str, np.ndarray]]:
    """Users who like the last value of each element, turned by their number."""
    rng = np.random.default_rng(seed)
    files, values = _images(folder, rng)
    cases, liked_by = [], {}
    for user in range(users):
        liked = np.array([rng.integers(len(WORDS[e])) for e in ELEMENTS])
        liked_by[f"u{user:02}"] = liked
        appeal = (values == liked).sum(axis=1)
        for slate in range(pairs):
            a, b = rng.choice(np.arange(2, IMAGES), size=2, replace=False)
            if not at_random and appeal[a] == appeal[b]:
                continue
            better, worse = (a, b) if at_random or appeal[a] > appeal[b] else (b, a)
            cases.append(
                FeedbackCase(
                    user=f"u{user:02}", weight=1.0, source="clicks", better=files[better],
                    worse=files[worse], liked=(files[0],), disliked=(files[1],), profile=None,
                    shown_at=slate + 1,
                )
            )  # fmt: skip
    return cases, liked_by


def _write(folder: Path, cases: Sequence[FeedbackCase], **late: bool) -> Hindsight:
    return write_hindsight(
        folder, cases, PixelModel(), seed=1,
        predictions_are_late=lambda: late.get("predictions", False),
        readings_are_late=lambda: late.get("readings", False),
    )  # fmt: skip


def test_profiles_that_explain_held_back_choices_are_kept_and_name_the_true_words(
    tmp_path: Path,
) -> None:
    cases, liked_by = _cases(tmp_path, users=12, pairs=60, seed=1)
    hindsight = _write(tmp_path, cases)
    records = [json.loads(line) for line in (tmp_path / HINDSIGHT).read_text().splitlines()]
    assert len(records) == hindsight.profiles >= 8
    assert hindsight.gain > 0.1
    assert f"{hindsight.profiles} of 12 users" in hindsight.summary
    true = named = 0
    for record in records:
        for k, e in enumerate(ELEMENTS):
            words = record["taste"]["likes"].get(e.value, [])
            named += len(words)
            true += WORDS[e][liked_by[record["user"]][k]] in words
    assert true / (5 * len(records)) > 0.6, "the champion's own profile has .2 to .5 of them"
    assert true / named > 0.6
    pairs = [json.loads(line) for line in (tmp_path / PROFILE_PAIRS).read_text().splitlines()]
    assert [pair["better"] for pair in pairs] == [record["taste"] for record in records]
    assert all(pair["better"] != pair["worse"] for pair in pairs)


def test_examples_can_be_read_for_training(tmp_path: Path) -> None:
    cases, _ = _cases(tmp_path, users=12, pairs=60, seed=1)
    lines = _write(tmp_path, cases).lines
    (tmp_path / "examples.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert {"predict", "score"} <= {line["ask"] for line in lines}
    assert len(list(read_examples(tmp_path / "examples.jsonl", most=10_000))) == len(lines)


def test_random_choices_keep_hardly_any_profile(tmp_path: Path) -> None:
    cases, _ = _cases(tmp_path, users=40, pairs=30, seed=2, at_random=True)
    assert _write(tmp_path, cases).profiles <= 1


def test_one_user_with_half_of_all_choices_weighs_three_users(tmp_path: Path) -> None:
    cases, _ = _cases(tmp_path, users=5, pairs=20, seed=3)
    farm = [case for case in cases if case.user == "u00"] * 8
    choices = number_choices([*cases, *farm])
    clicked = choices.clicked
    weights = np.bincount(choices.user[clicked], choices.weight[clicked])
    assert weights[0] <= MAX_USER_SHARE * np.median(weights) + 1e-9


def test_no_slate_is_in_two_parts_and_no_image_of_a_single_slate(tmp_path: Path) -> None:
    cases, _ = _cases(tmp_path, users=3, pairs=12, seed=4)
    slates = [replace(case, shown_at=1 + number % 4) for number, case in enumerate(cases)]
    choices = number_choices(slates)
    parts = {
        (user, case.shown_at, fold)
        for user, case, fold in zip(choices.user, choices.cases, choices.fold, strict=True)
        if fold >= 0
    }
    assert len(parts) == 3 * 4
    single = number_choices([replace(case, shown_at=1) for case in cases])
    for user in range(len(single.users)):
        first, second = (
            {
                image
                for of in (single.better, single.worse)
                for image in of[(single.user == user) & (single.fold == fold)].tolist()
            }
            for fold in (0, 1)
        )
        assert not first & second


def test_pairs_with_a_reference_are_left_out(tmp_path: Path) -> None:
    cases, _ = _cases(tmp_path, users=2, pairs=5, seed=5)
    own = FeedbackCase(
        user="u00", weight=1.0, source="clicks", better=cases[0].liked[0], worse=cases[0].worse,
        liked=cases[0].liked, disliked=cases[0].disliked, profile=None,
    )  # fmt: skip
    assert int(number_choices([*cases, own]).clicked.sum()) == len(cases)


def test_readings_name_the_words_and_those_after_the_deadline_know_nothing(tmp_path: Path) -> None:
    files, values = _images(tmp_path, np.random.default_rng(6))
    vocabulary = Vocabulary({e: tuple(sorted(WORDS[e])) for e in ELEMENTS})
    answers = iter([False, True])
    readings = read_images(
        PixelModel(), files, vocabulary, order=range(len(files)), is_late=lambda: next(answers)
    )
    assert readings.read.sum() == 32
    for k, element in enumerate(ELEMENTS):
        named = readings.words[element][:32].argmax(axis=1)
        assert [vocabulary.words[element][n] for n in named] == [
            WORDS[element][value] for value in values[:32, k]
        ]
    late = readings.words[Element.COLOR][32:]
    assert np.allclose(late, late[0, 0])


def test_a_later_night_scores_new_images_and_new_words_only(tmp_path: Path) -> None:
    files, values = _images(tmp_path, np.random.default_rng(6))
    words = {e: tuple(sorted(WORDS[e])) for e in ELEMENTS}
    styles = words[Element.ART_STYLE]
    fewer = Vocabulary(words | {Element.ART_STYLE: styles[:2]})

    def read(count: int, vocabulary: Vocabulary, champion: str) -> tuple[Readings, int]:
        model = CountingModel()
        kept = KeptReadings.next_to(tmp_path, champion=champion)
        readings = read_images(
            model, files[:count], vocabulary, order=range(count), is_late=lambda: False, kept=kept
        )
        return readings, model.scored

    _, first = read(40, fewer, "nano-1")
    assert first == 40 * 2, "four colors are two profiles"
    same, again = read(40, fewer, "nano-1")
    assert again == 0
    assert same.read.all()
    grown, more = read(IMAGES, Vocabulary(words), "nano-1")
    assert more == 20 * 2 + 40, "new images with all words, known ones with two styles"
    for k, element in enumerate(ELEMENTS):
        named = grown.words[element].argmax(axis=1)
        assert [words[element][n] for n in named] == [WORDS[element][v] for v in values[:, k]]
    assert read(10, Vocabulary(words), "nano-1")[1] == 0
    assert read(40, Vocabulary(words), "nano-1")[1] == 30 * 2, "other images were forgotten"
    assert read(40, Vocabulary(words), "nano-2")[1] == 40 * 2, (
        "another champion reads all images again"
    )


@pytest.mark.parametrize("content", ["", "{", '{"version": 1}', '{"version": "a", "images": [1]}'])
def test_broken_readings_are_read_again(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    files, _ = _images(tmp_path, np.random.default_rng(6))
    vocabulary = Vocabulary({e: tuple(sorted(WORDS[e])) for e in ELEMENTS})
    model, kept = CountingModel(), KeptReadings.next_to(tmp_path, champion="a")
    read_images(
        model, files, vocabulary, order=range(IMAGES), is_late=lambda: False, kept=kept
    )  # fmt: skip
    assert model.scored == IMAGES * 2
    assert len(json.loads((tmp_path / FILE).read_text())["images"]) == IMAGES


def test_nothing_is_written_without_choices_and_a_deadline_stops_both_parts(tmp_path: Path) -> None:
    assert _write(tmp_path, []).lines == ()
    assert (tmp_path / HINDSIGHT).read_text() == ""
    cases, _ = _cases(tmp_path, users=3, pairs=5, seed=7)
    assert _write(tmp_path, cases, predictions=True, readings=True).profiles == 0


def test_the_share_of_better_explanations_falls_to_zero_without_any() -> None:
    judged = np.ones(50, np.bool_)
    assert posterior(np.full(50, -0.5), judged).max() < 0.05
    assert posterior(np.full(50, 1.0), judged).min() > 0.9
    assert not posterior(np.zeros(3), np.zeros(3, np.bool_)).any()
