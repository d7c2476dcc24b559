"""Tiny checkpoints of six architectures are asked in process, with their own processors."""

import json
import math
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from shared.domain.errors import Unprocessable
from shared.domain.taste import ELEMENTS
from shared.prompting.styles.registry import COMPACT, GENERAL
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine import transformers_engine
from shared.vlm.engine.chosen_digits import digit_tokens, first_tokens
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.pairwise import Pair
from shared.vlm.protocol import References, ScoredInput, Scores, ScoringInput
from tests.contract.vlm.engines import TASTES, picture
from tests.training.tiny_checkpoints.architectures import BUILDERS, write_checkpoint
from tests.training.tiny_checkpoints.short_answers import ShortAnswers

pytestmark = pytest.mark.model

ARCHITECTURES = pytest.mark.parametrize("architecture", BUILDERS)
PICTURES = [picture(number, size=(200, 150)) for number in range(12)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("checkpoints")
    return cache(lambda architecture: write_checkpoint(architecture, root / architecture))


@pytest.fixture(autouse=True)
def _short_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights never end an answer."""
    monkeypatch.setattr(transformers_engine, "MAX_COMPARISON_TOKENS", 6)


@cache
def open_engine(folder: Path, style: Any = GENERAL, **limits: int) -> TransformersEngine:
    return TransformersEngine(
        folder, device="cpu", prompt_style=ShortAnswers(style), limits=PixelLimits(**limits)
    )


def same(first: Scores, second: Scores, *, within: float = 1e-4) -> bool:
    return all(first.digits[e] == pytest.approx(second.digits[e], abs=within) for e in ELEMENTS)


@ARCHITECTURES
@pytest.mark.parametrize("style", [GENERAL, COMPACT], ids=lambda style: style.name)
def test_every_task_runs_and_each_row_of_a_batch_is_read_alone(
    folders: Any, architecture: str, style: Any
) -> None:
    engine = open_engine(folders(architecture), style)
    users = [
        References(tuple(PICTURES[:5]), tuple(PICTURES[5:10])),
        References((PICTURES[1],), ()),
    ]
    assert len(engine.predict(users)) == 2
    assert len(engine.describe(PICTURES[:2])) == 2
    candidates = [ScoringInput(TASTES[n % len(TASTES)], PICTURES[n]) for n in range(4)]
    scores = engine.score(candidates)
    for row in scores:
        assert all(math.isclose(sum(row.digits[e]), 1, abs_tol=1e-4) for e in ELEMENTS)
    # Rows have different lengths: padding must not change a row, and its picture must be its own.
    (alone,) = engine.score(candidates[2:3])
    (other_picture,) = engine.score([ScoringInput(candidates[2].taste, PICTURES[7])])
    assert same(alone, scores[2])
    assert not same(alone, other_picture, within=1e-3)
    scored = [ScoredInput(c, s) for c, s in zip(candidates[:2], scores, strict=False)]
    assert len(engine.explain(scored)) == 2
    (comparison,) = engine.compare([Pair(users[1], PICTURES[2], PICTURES[3])])
    assert comparison.answer


@ARCHITECTURES
def test_digits_equal_those_of_the_library_alone(folders: Any, architecture: str) -> None:
    folder = folders(architecture)
    candidate = ScoringInput(TASTES[0], model_sized(folder, PICTURES[0]))
    (scores,) = open_engine(folder).score([candidate])
    for element, row in zip(ELEMENTS, digits_one_by_one(folder, candidate), strict=True):
        assert scores.digits[element] == pytest.approx(row, abs=1e-4)


def model_sized(folder: Path, image: Image.Image) -> Image.Image:
    """Qwen's image at the size of the model, which two libraries scale a little differently."""
    return image.resize((112, 84) if folder.name == "qwen2_5_vl" else (128, 64))


def digits_one_by_one(folder: Path, candidate: ScoringInput) -> list[list[float]]:
    """The library's chat template and processor, and a whole forward pass for each digit."""
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    messages = GENERAL.score(candidate.taste).prompt.messages()
    if folder.name == "llava":  # its template writes images first: their token goes into the text
        content: Any = messages[0]["content"]
        text = "".join("<image>" if p["type"] == "image" else p["text"] for p in content)
        messages = [{"role": "user", "content": [{"type": "text", "text": text}]}]
    question = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    tokenizer = processor.tokenizer
    first = tokenizer.bos_token
    inputs = processor(
        text=[question], images=[[candidate.image]], return_tensors="pt",
        add_special_tokens=not (first and question.startswith(first)),
    )  # fmt: skip
    tokens = digit_tokens(tokenizer)
    flat = [token for group in tokens for token in group]
    for token in first_tokens(tokenizer, flat):
        inputs = lengthened(inputs, token)
    rows = []
    for _ in ELEMENTS:
        with torch.inference_mode():
            logits = model(**inputs).logits[0, -1]
        by_token = dict(zip(flat, logits[flat].softmax(-1).tolist(), strict=True))
        rows.append([sum(by_token[token] for token in group) for group in tokens])
        inputs = lengthened(inputs, max(by_token, key=by_token.__getitem__))
    return rows


def lengthened(inputs: Any, token: int) -> dict[str, Any]:
    """The inputs with one more text token."""
    shape, values = inputs["input_ids"].shape, {"input_ids": token, "attention_mask": 1}
    return {
        name: torch.cat([tensor, torch.full((1, 1), values.get(name, 0))], dim=1).to(tensor.dtype)
        if tensor.shape == shape
        else tensor
        for name, tensor in inputs.items()
    }


@ARCHITECTURES
def test_a_checkpoints_own_generation_config_reaches_no_fixed_layout(
    folders: Any, architecture: str, tmp_path: Path
) -> None:
    """The checkpoint has a repetition penalty of 5 and repeats no pair of tokens."""
    plain = shutil.copytree(folders(architecture), tmp_path / architecture)
    config = json.loads((plain / "generation_config.json").read_text("utf-8"))
    kept = {name: config[name] for name in ("eos_token_id", "pad_token_id")}
    (plain / "generation_config.json").write_text(json.dumps(kept), "utf-8")
    answers = []
    for folder in (folders(architecture), plain):
        engine = open_engine(folder, COMPACT)
        candidate = ScoringInput(TASTES[0], PICTURES[0])
        (scores,) = engine.score([candidate])
        prompts = [COMPACT.describe().prompt]
        (text, _), = engine._generate(prompts, [[PICTURES[0]]], max_tokens=12)  # fmt: skip
        answers.append((text, engine.explain([ScoredInput(candidate, scores)])))
    assert answers[0] == answers[1]


PIXELS = {
    # A model with one image size (gemma3, llava) has the same number of tokens for every image.
    "qwen2_5_vl": (84 * 84, 56 * 56), "qwen3_vl": (96 * 96, 64 * 64),
    "smolvlm": (128 * 128, 64 * 64), "internvl": (12 * 32 * 32, 4 * 32 * 32),
}  # fmt: skip


@pytest.mark.parametrize("architecture", PIXELS)
def test_a_lower_pixel_limit_gives_fewer_image_tokens(folders: Any, architecture: str) -> None:
    more, fewer = (
        image_tokens(open_engine(folders(architecture), max_pixels=limit))
        for limit in PIXELS[architecture]
    )
    least = image_tokens(open_engine(folders(architecture), max_pixels=32 * 32))
    assert 0 < least < fewer < more


def image_tokens(engine: TransformersEngine) -> int:
    """Tokens of the images of ten references."""
    task = GENERAL.predict(liked=5, disliked=5)
    inputs = engine._encoded([task.prompt], [PICTURES[:10]], with_answer_prefix=True)
    return int((inputs["input_ids"] == engine.model.config.image_token_id).sum())


def test_a_higher_least_number_of_pixels_gives_more_image_tokens(folders: Any) -> None:
    small = [Image.fromarray(np.zeros((40, 40, 3), np.uint8))] * 10
    task = GENERAL.predict(liked=5, disliked=5)
    counts = [
        int(engine._encoded([task.prompt], [small], with_answer_prefix=True)["input_ids"].numel())
        for engine in (
            open_engine(folders("qwen3_vl")),
            open_engine(folders("qwen3_vl"), min_pixels=96 * 96),
        )
    ]
    assert counts[0] < counts[1]


def test_a_prompt_that_is_longer_than_the_context_is_refused_with_a_remedy(
    folders: Any, tmp_path: Path
) -> None:
    folder = shutil.copytree(folders("llava"), tmp_path / "llava")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["text_config"]["max_position_embeddings"] = 256
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    engine = open_engine(folder)
    with pytest.raises(Unprocessable, match=r"10 images .* takes 256; lower PREFERSTREAM"):
        engine.predict([References(tuple(PICTURES[:5]), tuple(PICTURES[5:10]))])


@pytest.mark.parametrize("architecture", ["qwen3_vl", "gemma3"])
def test_a_checkpoint_without_a_chat_template_is_refused(
    folders: Any, tmp_path: Path, architecture: str
) -> None:
    folder = shutil.copytree(folders(architecture), tmp_path / architecture)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(BadCheckpoint, match="has no chat template"):
        TransformersEngine(folder, device="cpu")


def test_a_template_that_writes_no_images_is_refused(folders: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(folders("gemma3"), tmp_path / "gemma3")
    (folder / "chat_template.jinja").write_text("{{ messages[0]['role'] }}: hello", "utf-8")
    with pytest.raises(BadCheckpoint, match="does not write '<start_of_image>' for each image"):
        TransformersEngine(folder, device="cpu")
