"""Images keep their places in a prompt, whatever a checkpoint's own template does with them."""

from types import SimpleNamespace
from typing import Any

import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.engine.inputs.chat_template import (
    placed_template,
    rendered,
    template_of,
    without_thoughts,
)
from tests.training.tiny_checkpoints.chat_templates import GEMMA, LLAVA, SMOLVLM, chatml

TOKENIZER = PreTrainedTokenizerFast(
    tokenizer_object=Tokenizer(models.BPE()), bos_token="<s>", eos_token="</s>"
)
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Liked:"},
            {"type": "image"},
            {"type": "image"},
            {"type": "text", "text": "Disliked:"},
            {"type": "image"},
            {"type": "text", "text": "Name it."},
        ],
    },
]
TEXT_ONLY = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}"
    "{% endfor %}"
)


def text_of(template: str, image: str) -> str:
    """The conversation above in the form that keeps images at their places."""
    processor = SimpleNamespace(chat_template=template, tokenizer=TOKENIZER, image_token=image)
    return rendered(TOKENIZER, placed_template(processor, name="a model"), MESSAGES)


@pytest.mark.parametrize(
    ("template", "image"),
    [
        (chatml("<img>"), "<img>"), (SMOLVLM, "<image>"), (GEMMA, "<start_of_image>"),
        (LLAVA, "<image>"), (TEXT_ONLY, "<image>"),
    ],
    ids=["qwen", "smolvlm", "gemma", "llava", "text only"],
)  # fmt: skip
def test_images_stand_where_the_prompt_has_them(template: str, image: str) -> None:
    text = text_of(template, image)
    assert text.count(image) == 3
    assert text.index("Be brief.") < text.index("Liked:") < text.index(image)
    assert text.index("Disliked:") < text.rindex(image) < text.index("Name it.")
    assert text.count(image, text.index("Disliked:")) == 1


def test_a_template_that_keeps_places_is_not_changed() -> None:
    processor = SimpleNamespace(chat_template=GEMMA, tokenizer=TOKENIZER, image_token="<x>")
    processor.image_token = "<start_of_image>"
    assert placed_template(processor, name="a model") == GEMMA


def test_the_default_of_several_templates_is_taken() -> None:
    templates = {"tools": "no", "default": GEMMA}
    assert template_of(SimpleNamespace(chat_template=templates), "a model") == GEMMA
    with pytest.raises(BadCheckpoint, match="a model has no chat template"):
        template_of(SimpleNamespace(chat_template=None), "a model")


@pytest.mark.parametrize("template", ["{{ messages[5] }}", "hello"], ids=["fails", "no images"])
def test_a_template_that_cannot_write_images_is_refused(template: str) -> None:
    with pytest.raises(BadCheckpoint, match="the chat template of a model does not write '<img>'"):
        text_of(template, "<img>")


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("A:{% if enable_thinking is not defined or enable_thinking %}<think>{% endif %}", "A:"),
        ("A:<think>\n", "A:<think>\n</think>\n\n"),
        ("A:", "A:"),
    ],
    ids=["by a setting", "always", "never"],
)
def test_a_model_that_thinks_begins_its_answer_at_once(end: str, expected: str) -> None:
    template = "Q{% if add_generation_prompt %}" + end + "{% endif %}"
    text = rendered(TOKENIZER, without_thoughts(TOKENIZER, template), MESSAGES)
    assert text == "Q" + expected
