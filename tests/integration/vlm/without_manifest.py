"""The shipped weights without our manifest, and their scores by the library alone."""

import shutil
from pathlib import Path

import torch
from PIL.Image import Image
from transformers import AutoModelForImageTextToText, AutoTokenizer, Qwen2VLImageProcessorPil

from shared.domain.taste import ELEMENTS
from shared.prompting.styles.protocol import Task
from shared.vlm.checkpoint.checkpoint import MANIFEST, shipped_folder
from shared.vlm.engine.chosen_digits import digit_tokens, gap_tokens


def copy_without_manifest(folder: Path) -> Path:
    """A model that knows nothing of the prompts of other styles."""
    shutil.copytree(shipped_folder(), folder)
    (folder / MANIFEST).unlink()
    return folder


def digits_one_by_one(folder: Path, task: Task, image: Image) -> list[list[float]]:
    """The probabilities of a score by the library alone: a whole forward pass for each digit."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    vision_inputs = Qwen2VLImageProcessorPil.from_pretrained(folder)(
        task.shown([image]), return_tensors="pt"
    )
    image_tokens = int(vision_inputs["image_grid_thw"][0].prod()) // 4
    question = tokenizer.apply_chat_template(
        task.prompt.messages(), tokenize=False, add_generation_prompt=True
    ).replace("<|image_pad|>", "<|image_pad|>" * image_tokens)
    ids = tokenizer(question + task.prompt.answer_prefix, add_special_tokens=False)["input_ids"]
    tokens = digit_tokens(tokenizer)
    flat = [token for group in tokens for token in group]
    rows = []
    gaps = task.digit_gaps or [""] * (len(ELEMENTS) - 1)
    for gap in (*gaps, ""):
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
