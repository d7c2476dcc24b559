"""Both protocols: own references, controls, orders, format failures, broken images."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.jobs.evaluation import Report
from shared.prompting.pair_template import PairTemplate
from shared.prompting.parser import parse_comparison
from shared.prompting.prompt import PAIR_TEMPLATE
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from tests.fakes.official_model import preferthinker
from tests.fakes.scores import certain_scores
from training.evaluation.__main__ import write
from training.evaluation.benchmark.answers import Answers
from training.evaluation.benchmark.evaluate import Settings, evaluate, steps
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.reader import read_benchmark
from training.evaluation.controls import of_next_user, of_previous_user, other_users

USERS = 6
Answer = Callable[[str | None], str]


def red(image: Image.Image) -> int:
    """The red value 0-255, which is all that an image of these tests shows."""
    value = image.convert("RGB").getpixel((0, 0))
    assert isinstance(value, tuple)
    return int(value[0])


def plain_answer(choice: str | None) -> str:
    line = "; ".join(f"{e.label}: 3" for e in ELEMENTS)
    words = "; ".join(f"{e.label}: any" for e in ELEMENTS)
    return (
        f"Likes {words}.\nDislikes {words}.\nA {line}.\nB {line}.\n<answer>Image {choice}</answer>"
    )


@dataclass
class FakeModel:
    """Prefers the image with the liked references' red; without references the first image."""

    answer: Answer = plain_answer
    problems: tuple[str, ...] = ()
    model_version: str = "fake-1"
    element_weights: ElementWeights = EQUAL_WEIGHTS
    prompt_style: PromptStyle = COMPACT
    templates: set[PairTemplate] = field(default_factory=set)

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        def words(images: tuple[Image.Image, ...]) -> Mapping[Element, tuple[str, ...]]:
            return {Element.COLOR: tuple({f"red {red(image)}" for image in images})}

        return [
            PredictedTaste(words(r.liked), words(r.disliked), self.problems) for r in references
        ]

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        def digits(candidate: ScoringInput) -> Scores:
            liked = {word.word for word in candidate.taste.preference.color}
            return certain_scores(5 if f"red {red(candidate.image)}" in liked else 2)

        return [digits(candidate) for candidate in candidates]

    async def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        self.templates |= {pair.template for pair in pairs}
        answers = [self.answer(_choice(pair)) for pair in pairs]
        return [Comparison(answer, parse_comparison(answer)) for answer in answers]

    async def describe(self, images: Sequence[Image.Image]) -> list[Description]:
        raise AssertionError("a benchmark evaluation needs no description")

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        raise AssertionError("a benchmark evaluation needs no rationale")


def _choice(pair: Pair) -> str:
    liked = {red(image) for image in pair.references.liked}
    return "B" if red(pair.image_b) in liked else "A"


def write_reds(folder: Path, *, name: str = "SEEN_SP", users: int = USERS) -> Path:
    """User n likes red 10 n and dislikes 10 n + 5, each in an image of its own."""
    images = folder / "data" / name / "images"
    images.mkdir(parents=True)
    rows = []
    for n in range(users):
        for word, value in (("liked", 10 * n), ("disliked", 10 * n + 5)):
            for k in range(3):
                Image.new("RGB", (8, 8), (value, 0, k)).save(images / f"{word}-{n}-{k}.png")
        pair = [f"liked-{n}-2.png", f"disliked-{n}-2.png"]
        rows.append(
            {
                "user_id": f"u{n}",
                "imageA": pair[n % 2],
                "imageB": pair[1 - n % 2],
                "prefered_images": [f"liked-{n}-{k}.png" for k in range(2)],
                "non_prefered_images": [f"disliked-{n}-{k}.png" for k in range(2)],
                "conversations": [{"value": "Image A" if n % 2 == 0 else "Image B"}],
            }
        )
    (images.parent / f"{name}.json").write_text(json.dumps(rows))
    return folder


async def evaluate_folder(
    model: FakeModel, folder: Path, settings: Settings
) -> tuple[Report, Mapping[str, Answers], int]:
    benchmark = read_benchmark(folder, references=settings.references, limit=settings.limit)
    done: list[int] = []
    report, answers = await evaluate(
        model, benchmark, settings, advance=lambda _, count: done.append(count), clock=lambda: 1.0
    )
    assert sum(done) == steps(benchmark, settings.protocol)
    return report, answers, sum(done)


SCORE, PAIR = Settings("score", level="hard", seed=3), Settings("pair", seed=3)


@pytest.mark.parametrize("settings", [SCORE, PAIR])
async def test_a_model_that_sees_the_references_wins_and_the_controls_are_at_chance(
    tmp_path: Path, settings: Settings
) -> None:
    report, _, _ = await evaluate_folder(FakeModel(), write_reds(tmp_path), settings)
    assert report.splits["seen_sp"].accuracy == report.mean == 1.0
    assert report.splits["seen_sp"].interval == pytest.approx((0.610, 1.0), abs=0.001)
    assert report.splits["seen_sp"].n == report.splits["seen_sp"].users == USERS
    assert report.controls["user_blind"].accuracy == 0.5
    assert report.controls["other_user"].accuracy == 0.5
    assert report.controls["other_user"].splits["seen_sp"].n == USERS
    assert report.format_failures.failed == report.format_failures.unanswered == 0
    assert (report.level, report.seed) == (settings.level, 3)
    assert report.element_weights == (EQUAL_WEIGHTS if settings.protocol == "score" else None)


async def test_every_split_has_the_same_weight_in_the_mean(tmp_path: Path) -> None:
    write_reds(tmp_path, users=2)
    blind = write_reds(tmp_path, name="UNSEEN_SP", users=6) / "data" / "UNSEEN_SP"
    rows = json.loads((blind / "UNSEEN_SP.json").read_text())
    for row in rows[:3]:
        row["conversations"][0]["value"] = "Image B" if row["imageA"][0] == "l" else "Image A"
    (blind / "UNSEEN_SP.json").write_text(json.dumps(rows))
    report, _, _ = await evaluate_folder(FakeModel(), tmp_path, SCORE)
    assert report.splits["unseen_sp"].accuracy == 0.5
    low, high = report.splits["unseen_sp"].interval
    assert low < 0.5 < high
    assert report.mean == 0.75
    assert report.controls["user_blind"].n == 8


async def test_both_orders_are_shown_and_compared(tmp_path: Path) -> None:
    always_a = FakeModel(answer=lambda choice: plain_answer("A"))
    report, answers, _ = await evaluate_folder(always_a, write_reds(tmp_path), PAIR)
    assert report.splits["seen_sp"].accuracy == 0.5
    assert report.order_consistency == 0.0
    assert report.format_failures.answers == 2 * USERS
    assert answers["seen_sp"].outcomes[0].answers["own"] == {
        "chosen": ("A", "B"), "answers": [plain_answer("A")] * 2,
    }  # fmt: skip
    steady, _, _ = await evaluate_folder(FakeModel(), tmp_path, PAIR)
    assert steady.order_consistency == 1.0


async def test_unreadable_answers_are_counted_as_failures_and_as_wrong(
    tmp_path: Path,
) -> None:
    report, _, _ = await evaluate_folder(
        FakeModel(answer=lambda _: "I like both."), write_reds(tmp_path), PAIR
    )
    assert report.mean == 0.0
    assert report.order_consistency is report.agrees_with_totals is None
    failures = report.format_failures
    assert failures.unanswered == failures.failed == failures.answers == 2 * USERS
    assert failures.reasons == {
        "no_answer": 2 * USERS, "no_profile": 2 * USERS, "no_scores": 2 * USERS,
    }  # fmt: skip


async def test_a_choice_against_its_own_totals_is_reported(tmp_path: Path) -> None:
    def contrary(choice: str | None) -> str:
        return plain_answer(choice).replace(f"\n{choice} art style: 3", f"\n{choice} art style: 1")

    report, _, _ = await evaluate_folder(FakeModel(answer=contrary), write_reds(tmp_path), PAIR)
    assert report.mean == 1.0
    assert report.agrees_with_totals == 0.0


async def test_a_custom_template_is_used_and_its_checksum_reported(tmp_path: Path) -> None:
    custom = PairTemplate.parse("{liked}{disliked}{image_a}{image_b} Which?")
    model = FakeModel()
    report, _, _ = await evaluate_folder(
        model, write_reds(tmp_path), Settings("pair", template=custom)
    )
    assert model.templates == {custom}
    assert report.template is not None
    default, _, _ = await evaluate_folder(model, tmp_path, PAIR)
    assert model.templates == {custom, PAIR_TEMPLATE}
    assert default.template is None


async def test_the_pair_prompt_and_its_version_are_those_of_the_models_style(
    tmp_path: Path,
) -> None:
    model = FakeModel(prompt_style=preferthinker())
    report, _, _ = await evaluate_folder(model, write_reds(tmp_path), PAIR)
    assert model.templates == {preferthinker().pair_template}
    assert (report.prompt_style, report.prompt_version) == (
        "preferthinker",
        preferthinker().version,
    )
    assert report.template is not None


async def test_malformed_predictions_are_counted(tmp_path: Path) -> None:
    report, _, _ = await evaluate_folder(
        FakeModel(problems=("no word for color",)), write_reds(tmp_path), SCORE
    )
    assert report.format_failures.reasons == {"no_profile": USERS}
    assert report.format_failures.unanswered == 0


@pytest.mark.parametrize("settings", [SCORE, PAIR])
@pytest.mark.parametrize("name", ["liked-1-0.png", "disliked-1-2.png"])
async def test_a_broken_image_leaves_its_item_out_and_is_counted(
    tmp_path: Path, settings: Settings, name: str
) -> None:
    write_reds(tmp_path)
    (tmp_path / "data" / "SEEN_SP" / "images" / name).write_bytes(b"\x89PNG\r\n\x1a\n cut")
    report, _, _ = await evaluate_folder(FakeModel(), tmp_path, settings)
    assert sum(report.left_out.values()) == USERS - report.splits["seen_sp"].n >= 1
    assert set(report.left_out) == {"broken_image"}
    assert report.splits["seen_sp"].accuracy == 1.0


@pytest.mark.parametrize("settings", [SCORE, PAIR])
async def test_a_split_with_only_broken_images_is_an_error(
    tmp_path: Path, settings: Settings
) -> None:
    write_reds(tmp_path)
    for image in (tmp_path / "data" / "SEEN_SP" / "images").iterdir():
        image.write_bytes(b"no image")
    with pytest.raises(BadBenchmark, match="no item of seen_sp can be evaluated: not_an_image 6"):
        await evaluate_folder(FakeModel(), tmp_path, settings)


@pytest.mark.parametrize("settings", [SCORE, PAIR])
async def test_a_single_user_has_no_other_user_control(tmp_path: Path, settings: Settings) -> None:
    report, _, _ = await evaluate_folder(FakeModel(), write_reds(tmp_path, users=1), settings)
    assert set(report.controls) == {"user_blind"}


def test_the_other_user_is_never_the_user() -> None:
    users = [f"u{n}" for n in range(9)]
    others = other_users(users, seed=1)
    assert all(user != other for user, other in others.items())
    assert set(others.values()) == set(users)
    assert others == other_users(users, seed=1) != other_users(users, seed=2)
    assert other_users(["u0"], seed=1) == {}
    assert of_next_user("abc") == ["b", "c", "a"]
    assert of_previous_user("abc") == ["c", "a", "b"]


async def test_the_report_and_every_answer_are_written(tmp_path: Path) -> None:
    report, answers, _ = await evaluate_folder(FakeModel(), write_reds(tmp_path), PAIR)
    write(tmp_path / "out", report, answers)
    assert Report.model_validate_json((tmp_path / "out" / "report.json").read_text()) == report
    lines = (tmp_path / "out" / "answers.jsonl").read_text().splitlines()
    assert len(lines) == USERS
    assert json.loads(lines[1])["item"] == "SEEN_SP.json[1]"
    assert json.loads(lines[1])["won"]["own"] == 1.0
