"""Digits, layouts and grammars in the whole vocabularies of real models."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt
from shared.prompting.styles.protocol import Task
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.engine.answer_grammar import AnswerGrammar, grammar_of
from shared.vlm.engine.answer_layout import answer_layout
from shared.vlm.engine.answer_text import AnswerText
from shared.vlm.engine.chosen_digits import ChosenDigits, digit_tokens, leading_digit_tokens
from shared.vlm.engine.forced_digits import ForcedDigits
from tests.training.tiny_checkpoints.real_tokenizers import (
    qwen_tokenizer,
    sentencepiece_tokenizer,
)

DIGITS = dict(zip(ELEMENTS, (5, 0, 3, 2, 4), strict=True))


@pytest.fixture(scope="module")
def qwen() -> Any:
    return qwen_tokenizer(["<|im_end|>"], size=None, eos_token="<|im_end|>")


@pytest.fixture(scope="module")
def mistral(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return sentencepiece_tokenizer(["<image>"], tmp_path_factory.mktemp("mistral"))


@pytest.fixture(params=["qwen", "mistral"])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def grouping_tokenizer() -> Any:
    """Up to three digits are one token, as in Llama 3; a digit can have a space before it."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*alphabet, "\u01205", "54", "543", "76", "</s>"]
    merges = [("\u0120", "5"), ("5", "4"), ("54", "3"), ("7", "6")]
    backend = Tokenizer(models.BPE({token: n for n, token in enumerate(tokens)}, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")


def test_each_digit_has_its_place_in_the_layout(tokenizer: Any) -> None:
    layout = answer_layout(tokenizer)
    assert len(layout.positions) == len(ELEMENTS)
    ids = list(layout.ids)
    for position, digit in zip(layout.positions, DIGITS.values(), strict=True):
        ids[position] = layout.digit_ids[digit]
    assert tokenizer.decode(ids).strip() == prompt.score_line(DIGITS)


def test_chosen_digits_are_read_after_the_space_that_a_tokenizer_begins_with(
    tokenizer: Any, mistral: Any
) -> None:
    digits = ChosenDigits(tokenizer)
    answer = tokenizer("50324", add_special_tokens=False)["input_ids"]
    assert len(answer) == digits.steps == len(ELEMENTS) + (tokenizer is mistral)
    logits = torch.zeros(digits.steps, 1, len(tokenizer))
    for step, token in enumerate(answer):
        logits[step, 0, token] = 20.0
    assert digits.probabilities(tuple(logits))[0].argmax(dim=-1).tolist() == [5, 0, 3, 2, 4]
    allow = digits.processor(prompt_length=3)
    for step, token in enumerate(answer):
        scores = allow(torch.zeros(1, 3 + step, dtype=torch.long), torch.zeros(1, len(tokenizer)))
        assert torch.isfinite(scores[0, token])


def test_a_token_of_several_digits_counts_as_an_answer_that_begins_with_the_first() -> None:
    tokenizer = grouping_tokenizer()
    token = tokenizer.get_vocab()
    assert digit_tokens(tokenizer)[5] == sorted([token["5"], token["\u01205"]])
    assert leading_digit_tokens(tokenizer)[5] == sorted(
        [token["5"], token["\u01205"], token["54"], token["543"]]
    )
    digits = ChosenDigits(tokenizer)
    logits = torch.zeros(digits.steps, 1, len(token))
    logits[:, 0, token["543"]] = 20.0
    read = digits.probabilities(tuple(logits))[0]
    assert read[:4].argmax(dim=-1).tolist() == [5, 5, 5, 5]
    assert read[4, 5] < 0.5  # after the last digit, no other can follow
    written = digits.processor(prompt_length=0)(
        torch.zeros(1, 0, dtype=torch.long), torch.zeros(1, len(token))
    )
    assert not torch.isfinite(written[0, token["543"]])


def test_digits_of_a_number_with_a_fixed_text_after_it_are_read_alone() -> None:
    tokenizer = grouping_tokenizer()
    token = tokenizer.get_vocab()
    digits = ChosenDigits(tokenizer, gaps=("/5 ",) * 4)
    logits = torch.zeros(digits.steps, 1, len(token))
    logits[0, 0, token["543"]] = 20.0
    logits[0, 0, token["2"]] = 10.0
    assert int(digits.probabilities(tuple(logits))[0, 0].argmax()) == 2


def test_a_digit_outside_the_vocabulary_is_read_as_its_byte() -> None:
    pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581", "a"]
    backend = Tokenizer(
        models.BPE({p: n for n, p in enumerate(pieces)}, [], byte_fallback=True, unk_token="<unk>")
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")
    assert digit_tokens(tokenizer) == [[1 + 0x30 + digit] for digit in range(6)]


def test_a_tokenizer_without_digits_is_refused() -> None:
    backend = Tokenizer(models.BPE({"<unk>": 0, "a": 1}, [], unk_token="<unk>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")
    with pytest.raises(BadCheckpoint, match="no token for the digit 0"):
        digit_tokens(tokenizer)


def test_a_forced_digit_follows_the_name_of_its_element(tokenizer: Any) -> None:
    forced = ForcedDigits(tokenizer, [DIGITS], prompt_length=0)
    answer = tokenizer("Scores art style:", add_special_tokens=False)["input_ids"]
    whole = tokenizer("Scores art style: 5", add_special_tokens=False)["input_ids"]
    ids = torch.tensor([answer])
    while ids.shape[1] < len(whole):
        scores = forced(ids, torch.zeros(1, len(tokenizer)))
        assert int(torch.isfinite(scores).sum()) == 1
        ids = torch.cat([ids, scores.argmax(dim=1, keepdim=True)], dim=1)
    assert ids[0].tolist() == whole


def test_an_answer_keeps_the_space_before_its_first_word(tokenizer: Any) -> None:
    whole = tokenizer("Likes color: red.", add_special_tokens=False)["input_ids"]
    begin = tokenizer("Likes", add_special_tokens=False)["input_ids"]
    (text,) = AnswerText(tokenizer).decode(torch.tensor([whole[len(begin) :]]))
    assert text == " color: red."


def test_a_grammar_holds_in_the_whole_vocabulary(qwen: Any) -> None:
    schema = {"type": "object", "properties": {"color": {"type": "string", "maxLength": 8}},
              "required": ["color"], "additionalProperties": False}  # fmt: skip
    end = qwen.eos_token_id
    grammar = AnswerGrammar(qwen, vocabulary=len(qwen), end_token=end)
    task = Task(prompt.describe(), max_tokens=40, schema=schema)
    allow = grammar.processor([grammar_of(task) or ""], prompt_length=0)
    rng = np.random.default_rng(4)
    ids = torch.zeros(1, 0, dtype=torch.long)
    while ids.shape[1] < 40 and (not ids.numel() or int(ids[0, -1]) != end):
        scores = torch.from_numpy(rng.normal(size=(1, len(qwen)))).float()
        ids = torch.cat([ids, allow(ids, scores).argmax(dim=1, keepdim=True)], dim=1)
    answer = json.loads(qwen.decode(ids[0], skip_special_tokens=True))
    assert len(answer["color"]) <= 8


def test_the_tokenizer_has_the_whole_vocabulary(qwen: Any) -> None:
    assert len(qwen) > 151_643
    assert qwen.tokenize("detail: 5") == ["detail", ":", "\u0120", "5"]
