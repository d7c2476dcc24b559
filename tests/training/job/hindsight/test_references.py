"""References teach profiles, descriptions and scores with the words that they share."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Images
from PIL.Image import Image

from shared.prompting.rationale import agrees, seen_word
from tests.training.job.hindsight.scattered_styles import (
    CLASSES,
    COLORS,
    NamingModel,
    ScatteringModel,
    World,
    encode,
    learned_name,
    shown_in,
)
from training.finetuning.data.case_files import read_examples
from training.job.examples.hindsight import references as module
from training.job.examples.hindsight.choices import number_choices
from training.job.examples.hindsight.described_references import (
    describe,
    encode_files,
    reading_order,
    sides_of,
)
from training.job.examples.hindsight.targets import SCORES_A_USER
from training.job.examples.hindsight.write import (
    HINDSIGHT,
    PROFILE_PAIRS,
    Hindsight,
    write_hindsight,
)
from training.job.scoring.feedback_cases import FeedbackCase


def write(
    folder: Path, cases: Sequence[FeedbackCase], model: ScatteringModel | None = None,
    candidate: ScatteringModel | None = None, **late: bool,
) -> Hindsight:  # fmt: skip
    return write_hindsight(
        folder, cases, model or ScatteringModel(), seed=1,
        predictions_are_late=lambda: late.get("predictions", False),
        readings_are_late=lambda: late.get("readings", True),
        references_are_late=lambda: late.get("references", False),
        fits_are_late=lambda: late.get("fits", False), encode=encode,
        rationales=late.get("rationales", False), open_candidate=lambda: candidate,
    )  # fmt: skip


def records(folder: Path, name: str = HINDSIGHT) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Hindsight, list[FeedbackCase]]:
    folder = tmp_path_factory.mktemp("learned")
    cases = World(folder).cases()
    return folder, write(folder, cases, rationales=True), cases


def test_styles_are_learned_and_colors_that_are_read_right_stay(
    learned: tuple[Path, Hindsight, list[FeedbackCase]],
) -> None:
    folder, hindsight, _ = learned
    assert hindsight.shared == ("art style",)
    assert hindsight.from_references + hindsight.profiles == 40
    assert "taught art style" in hindsight.summary
    words: dict[int, Counter[str]] = {kind: Counter() for kind in range(CLASSES)}
    for line in hindsight.lines:
        if line["ask"] == "describe":
            with Images.open(folder / line["images"][0]) as image:
                kind, _, color = shown_in(image)
            words[kind][line["words"]["art_style"][0]] += 1
            assert line["words"]["color"] == [COLORS[color]], "the champion's own word"
    assert len({counts.most_common(1)[0][0] for counts in words.values()}) == CLASSES
    right = sum(counts.most_common(1)[0][1] for counts in words.values())
    assert right / sum(map(Counter.total, words.values())) > 0.85


def test_classes_keep_the_names_that_a_candidate_has_learned(tmp_path: Path) -> None:
    cases = World(tmp_path).cases()
    hindsight = write(tmp_path, cases, candidate=NamingModel())
    assert hindsight.shared == ("art style",)
    described = [line for line in hindsight.lines if line["ask"] == "describe"]
    kept = []
    for line in described:
        with Images.open(tmp_path / line["images"][0]) as image:
            kept.append(line["words"]["art_style"] == [learned_name(shown_in(image)[0])])
    assert np.mean(kept) > 0.85


def test_a_candidate_whose_descriptions_cannot_be_read_changes_nothing(
    learned: tuple[Path, Hindsight, list[FeedbackCase]],
) -> None:
    folder, hindsight, cases = learned
    candidate = NamingModel(has_problems=True)
    assert write(folder, cases, candidate=candidate, rationales=True).lines == hindsight.lines


def test_names_of_a_candidate_are_no_reason_to_change_an_element(tmp_path: Path) -> None:
    cases = World(tmp_path, at_random=True).cases()
    assert not write(tmp_path, cases, candidate=NamingModel()).shared


def test_lines_are_examples_with_relative_files_and_within_the_caps(
    learned: tuple[Path, Hindsight, list[FeedbackCase]],
) -> None:
    folder, hindsight, cases = learned
    names = [name for line in hindsight.lines for name in line["images"]]
    assert all((folder / name).is_file() and not Path(name).is_absolute() for name in names)
    (folder / "lines.jsonl").write_text("".join(f"{json.dumps(x)}\n" for x in hindsight.lines))
    assert len(list(read_examples(folder / "lines.jsonl", most=9_999))) == len(hindsight.lines)
    counts = Counter(line["ask"] for line in hindsight.lines)
    assert set(counts) == {"predict", "describe", "score", "explain"}
    assert counts["score"] / 10 < counts["explain"] < counts["score"] / 3
    assert counts["score"] <= 40 * (module.OWN_SCORES + module.OTHER_SCORES + SCORES_A_USER)
    files = {user: case.liked for case in cases for user in [case.user]}
    predicted = Counter(
        frozenset(line["images"]) for line in hindsight.lines if line["ask"] == "predict"
    )
    assert len(predicted) == len(files)
    assert set(predicted.values()) <= {2, 4}, "twice from choices, or four times from references"


def test_rationales_name_the_words_of_the_scores_and_agree_with_them(
    learned: tuple[Path, Hindsight, list[FeedbackCase]],
) -> None:
    _, hindsight, _ = learned
    described = {
        line["images"][0]: line["words"] for line in hindsight.lines if line["ask"] == "describe"
    }
    explained = [line for line in hindsight.lines if line["ask"] == "explain"]
    for line in explained:
        words = described.get(line["images"][0], {})
        for element, text in line["rationales"].items():
            assert agrees(text, line["digits"][element])
            assert element not in words or (seen_word(text) or text) in words[element]
    assert any(line["images"][0] in described for line in explained)


def test_a_model_with_other_rationales_gets_no_examples_of_them(tmp_path: Path) -> None:
    hindsight = write(tmp_path, World(tmp_path).cases())
    assert hindsight.shared
    assert "explain" not in {line["ask"] for line in hindsight.lines}


def test_digits_follow_the_rule(learned: tuple[Path, Hindsight, list[FeedbackCase]]) -> None:
    folder, hindsight, _ = learned
    scored = [line for line in hindsight.lines if line["ask"] == "score"]
    assert scored
    for line in scored:
        with Images.open(folder / line["images"][0]) as image:
            color = COLORS[shown_in(image)[2]]
        likes, dislikes = (line["profile"][side].get("color", []) for side in ("likes", "dislikes"))
        digit = int(line["answer"].split("color: ")[1][0])
        if color in likes and color not in dislikes:
            assert digit == 5
        if color in dislikes and color not in likes:
            assert digit == 0


def test_records_and_pairs_name_the_learned_profile_and_no_word_is_on_both_sides(
    learned: tuple[Path, Hindsight, list[FeedbackCase]],
) -> None:
    folder, hindsight, _ = learned
    rows = records(folder)
    assert len(rows) == len({row["user"] for row in rows}) == 40
    assert {str(row["user"]) for row in rows} == hindsight.covered
    for row in rows:
        taste = row["taste"]
        assert isinstance(taste, dict)
        likes, dislikes = (taste[side].get("art_style", []) for side in ("likes", "dislikes"))
        assert not set(likes) & set(dislikes)
        assert row["weight"] == 0.5 or row["pairs"]
    pairs = records(folder, PROFILE_PAIRS)
    assert pairs
    assert all(pair["better"] != pair["worse"] for pair in pairs)


def test_the_same_seed_gives_the_same_lines(
    learned: tuple[Path, Hindsight, list[FeedbackCase]],
) -> None:
    folder, hindsight, cases = learned
    assert write(folder, cases, rationales=True).lines == hindsight.lines


def test_second_words_are_named_where_both_are_likely() -> None:
    assert module._named(np.array([0.1, 0.5, 0.4, 0.0])) == (1, 2)
    assert module._named(np.array([0.1, 0.6, 0.3, 0.0])) == (1,)
    assert module._named(np.array([0.3, 0.35, 0.35, 0.0])) == ()


@pytest.mark.parametrize("late", ["references", "fits"])
def test_late_deadlines_teach_nothing(tmp_path: Path, late: str) -> None:
    is_late = {"references": late == "references", "fits": late == "fits"}
    hindsight = write(tmp_path, World(tmp_path).cases(), None, **is_late)
    assert not hindsight.shared
    assert hindsight.from_references == 0


def test_after_the_deadline_of_the_predictions_no_empty_profile_is_taught(tmp_path: Path) -> None:
    hindsight = write(tmp_path, World(tmp_path).cases(), predictions=True)
    assert hindsight.from_references == 0
    assert not [line for line in hindsight.lines if line["ask"] in ("predict", "score")]


def test_descriptions_with_problems_teach_nothing(tmp_path: Path) -> None:
    cases = World(tmp_path).cases()
    assert not write(tmp_path, cases, ScatteringModel(has_problems=True)).shared


def test_users_with_few_references_and_random_references_teach_nothing(tmp_path: Path) -> None:
    for name, world in (("few", {"side": 2}), ("random", {"at_random": True})):
        (tmp_path / name).mkdir()
        assert not write(tmp_path / name, World(tmp_path / name, **world).cases()).shared


def test_users_with_the_same_references_are_one_user(tmp_path: Path) -> None:
    cases = World(tmp_path, users=40).cases()
    first = cases[0]
    copies = [
        FeedbackCase(**{**vars(case), "liked": first.liked, "disliked": first.disliked})
        for case in cases
    ]
    described = describe(
        ScatteringModel(), None, number_choices(copies), encode, rng=np.random.default_rng(1),
        is_late=lambda: False,
    )  # fmt: skip
    sides = sides_of(number_choices(copies), described)
    assert len(sides.users) == 40
    assert set(sides.groups.tolist()) == {0}


def test_references_and_clicked_images_are_described_in_turns(tmp_path: Path) -> None:
    choices = number_choices(World(tmp_path, users=40).cases())
    numbers = reading_order(choices, np.random.default_rng(1))
    assert len(numbers) == len(set(numbers)) == len(choices.images)
    clicked = choices.clicked
    shown = {*choices.better[clicked].tolist(), *choices.worse[clicked].tolist()}
    early = numbers[: len(numbers) // 3]
    assert 0.2 < len(shown & set(early)) / len(early) < 0.8


def test_the_encoder_is_opened_once(tmp_path: Path) -> None:
    opened = []

    class Encoder:
        name, dimension = "fake", 2

        async def encode(self, images: Sequence[Image]) -> np.ndarray:
            return np.ones((len(images), 2), np.float32)

    def open_encoder() -> Encoder:
        opened.append(1)
        return Encoder()

    Images.new("RGB", (2, 2)).save(tmp_path / "1.png")
    encode_one = encode_files(open_encoder)
    assert encode_one([tmp_path / "1.png"] * 3).shape == (3, 2)
    assert encode_one([tmp_path / "1.png"]).shape == (1, 2)
    assert opened == [1]
