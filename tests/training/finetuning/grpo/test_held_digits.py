"""GRPO learns each digit of a compact score under the condition under which serving reads it."""

from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from shared.domain.taste import ELEMENTS, Taste
from shared.prompting import prompt
from shared.prompting.styles.registry import COMPACT
from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.engine.answer_layout import answer_layout
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import ScoringInput
from tests.contract.vlm.engines import TASTES, drawings
from training.finetuning.data.simulated import draw_cases
from training.finetuning.data.styled_examples import taste_of
from training.finetuning.grpo.held_digits import hold_digits

pytestmark = pytest.mark.model
FOLDER = shipped_folder()


@pytest.fixture(scope="module")
def engine() -> TransformersEngine:
    return TransformersEngine(FOLDER, device="cpu")


@pytest.fixture(scope="module")
def policy() -> Any:
    """nano as GRPO prepares it."""
    model = AutoModelForImageTextToText.from_pretrained(FOLDER, dtype=torch.float32).eval()
    hold_digits(model, AutoProcessor.from_pretrained(FOLDER), COMPACT)
    return model


def inputs_of(engine: TransformersEngine, task: Any, image: Any, answer: str) -> Any:
    """A prompt, its image, and a whole answer, as one row."""
    ids = engine._tokenizer(answer, add_special_tokens=False)["input_ids"]
    return engine._inputs.encode([task.prompt], [[image]], with_answer_prefix=False, answer=ids)


@pytest.mark.parametrize("digits", [(5, 5, 5, 5, 5), (0, 4, 2, 1, 3)])
def test_the_probability_of_a_sampled_digit_is_that_of_serving(
    engine: TransformersEngine, policy: Any, digits: tuple[int, ...]
) -> None:
    layout = answer_layout(engine._tokenizer)
    for taste, image in zip(TASTES, drawings(len(TASTES)), strict=True):
        (served,) = engine.score([ScoringInput(taste, image)])
        line = prompt.score_line(dict(zip(ELEMENTS, digits, strict=True)))
        inputs = inputs_of(engine, COMPACT.score(taste), image, line)
        start = inputs["input_ids"].shape[1] - len(layout.ids)
        with torch.inference_mode():
            logits = policy(**inputs).logits[0]
        for element, position in zip(ELEMENTS, layout.positions, strict=True):
            row = logits[start + position - 1, list(layout.digit_ids)].softmax(-1)
            assert served.digits[element] == pytest.approx(row.tolist(), abs=1e-4)


def test_sampling_step_by_step_reads_the_same_digits_as_serving(
    engine: TransformersEngine, policy: Any
) -> None:
    candidates = [
        ScoringInput(taste, image)
        for taste, image in zip(TASTES, drawings(len(TASTES)), strict=True)
    ]
    for candidate, served in zip(candidates, engine.score(candidates), strict=True):
        encoded = engine._encoded(
            [COMPACT.score(candidate.taste).prompt], [[candidate.image]], with_answer_prefix=False
        )
        out = policy.generate(**encoded, do_sample=False, max_new_tokens=32)
        answer = engine._tokenizer.decode(
            out[0, encoded["input_ids"].shape[1] :], skip_special_tokens=True
        )
        assert COMPACT.parse_digits(answer).by_element == {e: served.mode(e) for e in ELEMENTS}


def test_only_the_digits_of_score_answers_are_held(engine: TransformersEngine, policy: Any) -> None:
    digits = dict(zip(ELEMENTS, (0, 4, 3, 1, 5), strict=True))
    embedding = policy.get_input_embeddings()
    (image,) = drawings(1)
    held = inputs_of(engine, COMPACT.score(Taste()), image, prompt.score_line(digits))
    explained = prompt.score_line(digits, dict.fromkeys(ELEMENTS, "red is liked"))
    free = inputs_of(engine, COMPACT.explain(Taste(), digits), image, explained)
    placeholders = inputs_of(
        engine, COMPACT.score(Taste()), image, prompt.score_line(dict.fromkeys(ELEMENTS, 2))
    )
    with torch.inference_mode():
        assert torch.equal(embedding(held["input_ids"]), embedding(placeholders["input_ids"]))
        weight = embedding.weight[free["input_ids"]]
        assert torch.equal(embedding(free["input_ids"]), weight), "explanations keep their digits"


def test_nano_reads_the_same_digits_after_its_own_ones(engine: TransformersEngine) -> None:
    """So what was measured with SFT and GRPO before they held digits stays true for nano."""
    free = AutoModelForImageTextToText.from_pretrained(FOLDER, dtype=torch.float32).eval()
    layout = answer_layout(engine._tokenizer)
    differences = []
    for case in draw_cases(10, seed=977, level="hard"):
        assert case.profile is not None
        taste = taste_of(case.profile)
        (served,) = engine.score([ScoringInput(taste, case.pair.better)])
        line = prompt.score_line({e: served.mode(e) for e in ELEMENTS})
        inputs = inputs_of(engine, COMPACT.score(taste), case.pair.better, line)
        start = inputs["input_ids"].shape[1] - len(layout.ids)
        with torch.inference_mode():
            logits = free(**inputs).logits[0]
        for element, position in zip(ELEMENTS, layout.positions, strict=True):
            row = logits[start + position - 1, list(layout.digit_ids)].softmax(-1).tolist()
            pairs = zip(row, served.digits[element], strict=True)
            differences.append(max(abs(a - b) for a, b in pairs))
    assert len(differences) == 50
    assert max(differences) < 0.01
