"""A PreferThinker checkpoint in this process: the points continue the stored profile."""

import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer, Qwen2VLImageProcessorPil

from shared.domain.taste import ELEMENTS
from shared.vlm.checkpoint.checkpoint import MANIFEST, shipped_folder
from shared.vlm.engine.chosen_digits import digit_tokens, gap_tokens
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import References, ScoredInput, ScoringInput
from tests.contract.vlm.engines import TASTES, picture
from tests.fakes.official_model import preferthinker

pytestmark = pytest.mark.model
STYLE = preferthinker()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights without our manifest."""
    copied = tmp_path_factory.mktemp("official") / "official"
    shutil.copytree(shipped_folder(), copied)
    (copied / MANIFEST).unlink()
    return copied


@pytest.fixture(scope="module")
def engine(folder: Path) -> TransformersEngine:
    return TransformersEngine(folder, device="cpu", prompt_style=STYLE)


def test_each_digit_follows_the_profile_the_layout_and_the_models_own_digits(
    engine: TransformersEngine, folder: Path
) -> None:
    candidates = [ScoringInput(taste, picture(n)) for n, taste in enumerate(TASTES)]
    for candidate, scores in zip(candidates, engine.score(candidates), strict=True):
        for element, row in zip(ELEMENTS, digits_one_by_one(folder, candidate), strict=True):
            assert scores.digits[element] == pytest.approx(row, abs=1e-4)


def test_every_task_is_answered_although_the_model_never_saw_the_prompt(
    engine: TransformersEngine,
) -> None:
    images = [picture(n) for n in range(3)]
    predicted = engine.predict([References((images[0],), tuple(images[1:])), References((), ())])
    assert len(predicted) == 2
    (described,) = engine.describe(images[:1])
    assert set(described.words) <= set(ELEMENTS)
    candidate = ScoringInput(TASTES[0], images[0])
    (scores,) = engine.score([candidate])
    (rationales,) = engine.explain([ScoredInput(candidate, scores)])
    # The pattern holds the digits, so no rationale is for another score.
    assert not [problem for problem in rationales.problems if "for the score" in problem]


def digits_one_by_one(folder: Path, candidate: ScoringInput) -> list[list[float]]:
    """The same by the library alone: a whole forward pass for each digit."""
    task = STYLE.score(candidate.taste)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    vision_inputs = Qwen2VLImageProcessorPil.from_pretrained(folder)(
        task.shown([candidate.image]), return_tensors="pt"
    )
    image_tokens = int(vision_inputs["image_grid_thw"][0].prod()) // 4
    question = tokenizer.apply_chat_template(
        task.prompt.messages(), tokenize=False, add_generation_prompt=True
    ).replace("<|image_pad|>", "<|image_pad|>" * image_tokens)
    ids = tokenizer(question + task.prompt.answer_prefix, add_special_tokens=False)["input_ids"]
    tokens = digit_tokens(tokenizer)
    flat = [token for group in tokens for token in group]
    rows = []
    for gap in (*task.digit_gaps, ""):
        row = torch.tensor([ids])
        with torch.inference_mode():
            logits = model(
                input_ids=row,
                attention_mask=torch.ones_like(row),
                mm_token_type_ids=(row == model.config.image_token_id).int(),
                **vision_inputs,
            ).logits[0, -1]
        by_token = dict(zip(flat, logits[flat].softmax(-1).tolist(), strict=True))
        rows.append([sum(by_token[token] for token in group) for group in tokens])
        ids = [*ids, max(by_token, key=by_token.__getitem__), *gap_tokens(tokenizer, gap)]
    return rows
