"""A model without our manifest is asked in the general style: constrained JSON, chosen digits."""

import math
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer, Qwen2VLImageProcessorPil

from shared.domain.taste import ELEMENTS
from shared.prompting.styles.general import GeneralStyle
from shared.vlm.checkpoint.checkpoint import MANIFEST, shipped_folder
from shared.vlm.engine.chosen_digits import digit_tokens
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from tests.contract.vlm.engines import TASTES, picture

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights without our manifest: a model that knows nothing of these prompts."""
    copied = tmp_path_factory.mktemp("stock") / "stock"
    shutil.copytree(shipped_folder(), copied)
    (copied / MANIFEST).unlink()
    return copied


@pytest.fixture(scope="module")
def engine(folder: Path) -> TransformersEngine:
    return TransformersEngine(folder, device="cpu")


def test_every_answer_is_complete_although_the_model_never_saw_the_prompt(
    engine: TransformersEngine,
) -> None:
    images = [picture(n) for n in range(4)]
    (taste,) = engine.predict([References(tuple(images[:2]), tuple(images[2:]))])
    descriptions = engine.describe(images[:2])
    candidates = [ScoringInput(taste, image) for taste in TASTES[:2] for image in images[:2]]
    scores = engine.score(candidates)
    rationales = engine.explain(
        [ScoredInput(c, s) for c, s in zip(candidates[:2], scores, strict=False)]
    )
    # Its tokens can be cut off at the limit, and bytes that are no text are in another script.
    problems = [*taste.problems, *(p for d in descriptions for p in d.problems)]
    assert all("another script" in p or "no word" in p for p in problems), problems
    assert set(descriptions[0].words) <= set(ELEMENTS)
    for row in scores:
        assert all(math.isclose(sum(row.digits[e]), 1, abs_tol=1e-5) for e in ELEMENTS)
    assert len(rationales) == 2


def test_each_digit_is_read_after_the_digits_that_the_model_chose(
    engine: TransformersEngine, folder: Path
) -> None:
    candidates = [ScoringInput(TASTES[n % len(TASTES)], picture(n)) for n in range(3)]
    for candidate, scores in zip(candidates, engine.score(candidates), strict=True):
        expected = digits_one_by_one(folder, candidate)
        for element, row in zip(ELEMENTS, expected, strict=True):
            assert scores.digits[element] == pytest.approx(row, abs=1e-4)


def digits_one_by_one(folder: Path, candidate: ScoringInput) -> list[list[float]]:
    """The same by the library alone: a whole forward pass for each digit."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    vision_inputs = Qwen2VLImageProcessorPil.from_pretrained(folder)(
        [candidate.image], return_tensors="pt"
    )
    image_tokens = int(vision_inputs["image_grid_thw"].prod()) // 4
    question = tokenizer.apply_chat_template(
        GeneralStyle().score(candidate.taste).prompt.messages(),
        tokenize=False,
        add_generation_prompt=True,
    ).replace("<|image_pad|>", "<|image_pad|>" * image_tokens)
    chosen = tokenizer(question, add_special_tokens=False)["input_ids"]
    tokens = digit_tokens(tokenizer)
    rows = []
    for _ in ELEMENTS:
        ids = torch.tensor([chosen])
        with torch.inference_mode():
            logits = model(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                mm_token_type_ids=(ids == model.config.image_token_id).int(),
                **vision_inputs,
            ).logits[0, -1]
        flat = [token for group in tokens for token in group]
        by_token = dict(zip(flat, logits[flat].softmax(-1).tolist(), strict=True))
        rows.append([sum(by_token[token] for token in group) for group in tokens])
        chosen = [*chosen, max(by_token, key=by_token.__getitem__)]
    return rows
