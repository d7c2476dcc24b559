"""On the shipped model the engine gives the results of the library, singly and in a batch."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer, Qwen2VLImageProcessorPil

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt, rationale
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.engine.shared_prefix import MAX_ROWS, MIN_SHARED_ROWS
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from tests.contract.vlm.engines import TASTES, drawings, picture

pytestmark = pytest.mark.model

FOLDER = shipped_folder()


@pytest.fixture(scope="module")
def engine() -> TransformersEngine:
    return TransformersEngine(FOLDER, device="cpu")


def candidates(count: int) -> list[ScoringInput]:
    """Tastes of different lengths, so that a batch has to pad."""
    return [ScoringInput(TASTES[n % len(TASTES)], picture(n)) for n in range(count)]


def digits_of_the_library(candidate: ScoringInput) -> list[list[float]]:
    """Probabilities of the digits at the five positions, by the library for one image."""
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    model = AutoModelForImageTextToText.from_pretrained(FOLDER, dtype=torch.float32).eval()
    vision_inputs = Qwen2VLImageProcessorPil.from_pretrained(FOLDER)(
        [candidate.image], return_tensors="pt"
    )
    image_tokens = int(vision_inputs["image_grid_thw"].prod()) // 4
    question = tokenizer.apply_chat_template(
        prompt.score_for(candidate.taste).messages(), tokenize=False, add_generation_prompt=True
    ).replace("<|image_pad|>", "<|image_pad|>" * image_tokens)
    distributions = []
    for element in ELEMENTS:
        # The text before this element's digit; every digit before it is the placeholder 2.
        line = prompt.score_line(dict.fromkeys(ELEMENTS, 2))
        prefix = line[: line.index(f"{element.label}: 2") + len(element.label) + 1]
        ids = tokenizer(question + prefix, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.inference_mode():
            logits = model(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                mm_token_type_ids=(ids == model.config.image_token_id).int(),
                **vision_inputs,
            ).logits[0, -1]
        digits = [tokenizer(f" {d}", add_special_tokens=False)["input_ids"][0] for d in range(6)]
        distributions.append(logits[digits].softmax(-1).tolist())
    return distributions


def test_scores_equal_those_of_an_independent_forward_of_the_library(
    engine: TransformersEngine,
) -> None:
    candidate = candidates(1)[0]
    (scores,) = engine.score([candidate])
    distributions = digits_of_the_library(candidate)
    for element, expected in zip(ELEMENTS, distributions, strict=True):
        assert scores.digits[element] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    "inputs",
    [
        candidates(8),
        candidates(3 * MIN_SHARED_ROWS),
        [ScoringInput(TASTES[0], picture(n)) for n in range(MAX_ROWS + 2)],
        [ScoringInput(TASTES[0], picture(n % 2)) for n in range(8)],
        [
            ScoringInput(TASTES[1], picture(n, size=(84 + 40 * n, 84 + 40 * n)))
            for n in range(MIN_SHARED_ROWS)
        ],
    ],
    ids=["few of each taste", "several of each", "more than a pass", "repeated images", "sizes"],
)
def test_a_batch_gives_each_image_the_scores_that_it_gets_singly(
    engine: TransformersEngine, inputs: list[ScoringInput]
) -> None:
    together = engine.score(inputs)
    for candidate, batched in zip(inputs, together, strict=True):
        (alone,) = engine.score([candidate])
        for element in ELEMENTS:
            assert batched.digits[element] == pytest.approx(alone.digits[element], abs=1e-4)
    different = {(id(c.taste), c.image.tobytes()) for c in inputs}
    assert len({tuple(scores.digits.values()) for scores in together}) >= len(different)


@pytest.mark.parametrize(
    ("images", "shared"), [(MIN_SHARED_ROWS - 1, False), (MIN_SHARED_ROWS, True)]
)
def test_a_taste_is_computed_once_for_all_its_candidates(
    engine: TransformersEngine, images: int, shared: bool
) -> None:
    computed: list[int] = []
    layer = engine.model.model.language_model.layers[0]
    hook = layer.register_forward_pre_hook(
        lambda _, args: computed.append(args[0].shape[:2].numel())
    )
    engine.score([ScoringInput(TASTES[0], picture(0))])
    (alone,) = computed
    engine.score([ScoringInput(TASTES[0], picture(n)) for n in range(images)])
    hook.remove()
    taste = computed[1] if shared else 0
    assert sum(computed[1:]) == images * (alone - taste) + taste
    assert taste == 0 or taste > alone / 4


def test_scores_are_distributions(engine: TransformersEngine) -> None:
    for scores in engine.score(candidates(3)):
        for element in ELEMENTS:
            assert len(scores.digits[element]) == 6
            assert sum(scores.digits[element]) == pytest.approx(1, abs=1e-5)
        assert 0 <= scores.total <= 25


def test_rationales_agree_with_their_scores(
    engine: TransformersEngine,
) -> None:
    inputs = candidates(4)
    scored = [ScoredInput(c, s) for c, s in zip(inputs, engine.score(inputs), strict=True)]
    explained = engine.explain(scored)
    for candidate, rationales in zip(scored, explained, strict=True):
        for element, text in rationales.by_element.items():
            assert rationale.agrees(text, candidate.scores.mode(element)), text
    kept = sum(len(rationales.by_element) for rationales in explained)
    assert kept + sum(len(rationales.problems) for rationales in explained) == 4 * len(ELEMENTS)
    assert kept >= 10


def test_predictions_and_descriptions_are_complete(engine: TransformersEngine) -> None:
    images = drawings(4)
    references = [References(images[:2], images[2:]), References(images[:1], images[1:2])]
    for predicted in engine.predict(references):
        assert predicted.problems == ()
        assert set(predicted.preference) == set(predicted.non_preference) == set(ELEMENTS)
    for described in engine.describe(images):
        assert described.problems == ()
        assert set(described.words) == set(ELEMENTS)
        assert all(described.words.values())


def test_no_input_gives_no_result(engine: TransformersEngine) -> None:
    assert (engine.predict([]), engine.describe([]), engine.score([]), engine.explain([])) == (
        [], [], [], []
    )  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped model without its manifest, like a checkpoint of another project."""
    return shutil.copytree(
        FOLDER, tmp_path / "copied", ignore=shutil.ignore_patterns("manifest.json")
    )


def cut_weights(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1_000])


def not_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"not weights")


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")


def broken_preprocessor(folder: Path) -> None:
    (folder / "preprocessor_config.json").write_text("{")


def tokenizer_without_the_image_token(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        file = folder / name
        file.write_text(file.read_text().replace("<|image_pad|>", "<|other|>"))


def tokenizer_with_other_ids(folder: Path) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config["image_token_id"] = config["image_token_id"] + 40
    file.write_text(json.dumps(config))


@pytest.mark.parametrize(
    "damage",
    [
        cut_weights,
        not_weights,
        broken_tokenizer,
        broken_preprocessor,
        tokenizer_without_the_image_token,
        tokenizer_with_other_ids,
    ],
)
def test_a_damaged_checkpoint_is_refused_with_its_folder(
    copied: Path, damage: Callable[[Path], None]
) -> None:
    damage(copied)
    with pytest.raises(BadCheckpoint, match="copied"):
        TransformersEngine(copied, device="cpu")
