"""A real instruction-tuned language model answers the general style's tasks under the grammar."""

import pytest
import torch

from training.bench.text_model.gguf_model import TextModel, load_gguf, smollm2_file
from training.bench.text_model.questions import answers, questions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def text_model() -> TextModel:
    """SmolLM2-135M-Instruct; without its package the tests fail."""
    return load_gguf(smollm2_file())


@torch.inference_mode()
def test_the_loaded_weights_are_those_of_the_model(text_model: TextModel) -> None:
    text = "The capital of France is"
    logits = text_model.model(**text_model.tokenizer(text, return_tensors="pt")).logits[0, -1]
    assert text_model.tokenizer.decode(logits.argmax()).strip() == "Paris"


def test_the_tokenizer_keeps_the_marks_of_the_chat_and_splits_digits(text_model: TextModel) -> None:
    chat = [{"role": "user", "content": "42035"}]
    ids = text_model.tokenizer.apply_chat_template(chat, return_dict=True)["input_ids"]
    tokens = text_model.tokenizer.convert_ids_to_tokens(ids)
    assert tokens[0] == "<|im_start|>"
    assert list("42035") == tokens[-7:-2]


@pytest.mark.parametrize(("kind", "count"), [("describe", 2), ("score", 8)])
def test_under_the_grammar_every_answer_parses(
    text_model: TextModel, kind: str, count: int
) -> None:
    batch = questions(kind, count, seed=20)
    texts = answers(text_model, batch, with_grammar=True)
    assert [q.parses(text) for q, text in zip(batch, texts, strict=True)] == [True] * count, texts
