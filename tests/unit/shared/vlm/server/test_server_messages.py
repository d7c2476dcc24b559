"""Prompts become chat completion requests, and forced answers are read token by token."""

import base64
import math
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt
from shared.prompting.pair_template import PairTemplate
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.checkpoint.model_package import ModelPackage
from shared.vlm.engine.answer_layout import layout_of, score_lines
from shared.vlm.server.chat import (
    completion_request,
    completion_text,
    digits_pattern,
    messages,
    rationales_pattern,
)
from shared.vlm.server.data_urls import LimitedSize, ModelSize
from shared.vlm.server.forced_scores import ForcedScores, NotForced
from shared.vlm.server.served_model import ServedModel, identify_served_model

PREFIX = "Scores"
PACKAGE = ModelPackage(Path("/models/nano"), "nano", "nano-1", "checkpoint", "0" * 64, "1")
TOKENIZERS = {
    "a digit with its space": r" ?[A-Za-z]+| ?\d|.",
    "a digit of its own, as Qwen's": r" ?[A-Za-z]+|\d|.",
}


def forced_scores(pattern: str) -> ForcedScores:
    ids: dict[str, int] = {}
    rows = [
        [ids.setdefault(piece, len(ids)) for piece in re.findall(pattern, line)]
        for line in (PREFIX, *score_lines())
    ]
    return ForcedScores.of(layout_of(rows[1:]), prefix_ids=rows[0], prefix=PREFIX)


def response(forced: ForcedScores, probabilities: list[list[float]]) -> dict[str, Any]:
    """A server's response to forced scores; half of the probability is on other tokens."""
    at = dict(zip(forced.positions, probabilities, strict=True))
    content = [
        {
            "token": f"token_id:{token}",
            "top_logprobs": [
                {"token": f"token_id:{d}", "logprob": math.log(p / 2)}
                for d, p in zip(forced.digit_ids, at.get(n, [1.0] * 6), strict=True)
            ],
        }
        for n, token in enumerate(forced.ids)
    ]
    return {"choices": [{"logprobs": {"content": content}}]}


def test_images_keep_their_places_in_the_request() -> None:
    predict = prompt.predict(liked=2, disliked=1)
    user, assistant = messages(predict, ["data:a", "data:b", "data:c"])
    parts = [p.get("text") or p["image_url"]["url"] for p in user["content"]]
    assert parts == [
        "Liked images:", "data:a", "data:b", "\nDisliked images:", "data:c",
        f"\n{prompt.PREDICT_TASK}",
    ]  # fmt: skip
    assert assistant == {"role": "assistant", "content": [{"type": "text", "text": "Likes"}]}


def test_an_answer_with_a_prefix_is_continued_and_another_is_not() -> None:
    continued = completion_request(prompt.describe(), ["data:a"], model="m", max_tokens=9)
    assert (continued["continue_final_message"], continued["add_generation_prompt"]) == (
        True,
        False,
    )
    assert (continued["model"], continued["max_tokens"], continued["temperature"]) == ("m", 9, 0)
    template = PairTemplate("{liked}{disliked}{image_a}{image_b}", system="Look.")
    pair = prompt.pair(liked=1, disliked=1, template=template)
    free = completion_request(pair, ["data:a"] * 4, model="m", max_tokens=9)
    assert "continue_final_message" not in free
    assert [m["role"] for m in free["messages"]] == ["system", "user"]


@pytest.mark.parametrize("reason", [("stop", True), ("length", False)])
def test_an_answer_is_finished_when_the_model_stopped(reason: tuple[str, bool]) -> None:
    body = {"choices": [{"message": {"content": " red."}, "finish_reason": reason[0]}]}
    assert completion_text(body, prefix="Shows") == ("Shows red.", reason[1])


def test_the_digits_pattern_accepts_every_score_line_and_nothing_else() -> None:
    pattern = digits_pattern(prefix=PREFIX)
    for line in score_lines():
        assert re.fullmatch(pattern, line.removeprefix(PREFIX))
    assert not re.fullmatch(pattern, score_lines()[0].removeprefix(PREFIX).replace("0", "6"))
    assert not re.fullmatch(pattern, score_lines()[0].removeprefix(PREFIX) + "x")


def test_the_rationales_pattern_fixes_the_digits_and_leaves_the_rationales_free() -> None:
    digits = dict(zip(ELEMENTS, (5, 0, 2, 3, 4), strict=True))
    pattern = rationales_pattern(digits, prefix=PREFIX)
    texts = dict.fromkeys(ELEMENTS, "red, and no taste is known")
    assert re.fullmatch(pattern, prompt.score_line(digits, texts).removeprefix(PREFIX))
    other = dict.fromkeys(ELEMENTS, 1)
    assert not re.fullmatch(pattern, prompt.score_line(other, texts).removeprefix(PREFIX))
    assert not re.fullmatch(pattern, prompt.score_line(digits).removeprefix(PREFIX))


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_distributions_are_read_at_the_digits_for_every_tokenizer(tokenizer: str) -> None:
    forced = forced_scores(tokenizer)
    rows = [[0.5, 0.1, 0.1, 0.1, 0.1, 0.1], [0.1] * 5 + [0.5]] + [[1 / 6] * 6] * 3
    scores = forced.read(response(forced, rows))
    for element, row in zip(ELEMENTS, rows, strict=True):
        assert scores.digits[element] == pytest.approx(row)
    request = forced.request({"model": "m"})
    assert request["max_tokens"] == len(forced.ids) == forced.positions[-1] + 1
    # Only the placeholder digit may be written.
    assert len(set(request["allowed_token_ids"]) & set(forced.digit_ids)) == 1


def test_an_answer_with_other_tokens_is_refused() -> None:
    forced = forced_scores(TOKENIZERS["a digit with its space"])
    body = response(forced, [[1 / 6] * 6] * 5)
    shorter = replace(forced, ids=forced.ids[:-1])
    with pytest.raises(NotForced, match="its tokens are"):
        shorter.read(body)


def test_an_answer_without_the_probability_of_a_digit_is_refused() -> None:
    forced = forced_scores(TOKENIZERS["a digit with its space"])
    body = response(forced, [[1 / 6] * 6] * 5)
    del body["choices"][0]["logprobs"]["content"][forced.positions[2]]["top_logprobs"][0]
    with pytest.raises(NotForced, match="are left out"):
        forced.read(body)


def test_a_tokenizer_that_joins_the_prefix_with_the_rest_is_refused() -> None:
    with pytest.raises(BadCheckpoint, match="joins 'Scores' with what follows"):
        ForcedScores.of(
            layout_of([[7, d, 8, d, 8, d, 8, d, 8, d] for d in range(6)]),
            prefix_ids=[9],
            prefix=PREFIX,
        )


def test_images_are_sent_in_the_models_size_or_within_the_limit() -> None:
    wide = Image.new("RGB", (4000, 100), "red")
    model_size = ModelSize(shipped_folder(), 1000).data_url(wide)
    assert model_size.startswith("data:image/png;base64,")
    assert sent_size(model_size) == (84, 84)
    assert sent_size(LimitedSize(1000).data_url(wide)) == (1000, 25)
    assert sent_size(ModelSize(shipped_folder(), 56).data_url(wide)) == (84, 84)
    assert sent_size(LimitedSize(1000).data_url(Image.new("LA", (30, 20)))) == (30, 20)


def sent_size(url: str) -> tuple[int, int]:
    with Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return image.size


CARDS = [{"id": "nano-1"}, {"id": "adapter-3", "parent": "nano-1"}]
QWEN = [{"id": "Qwen2.5-VL-7B", "parent": None}]


def identify(cards: list[dict[str, Any]], **settings: Any) -> ServedModel:
    defaults: dict[str, Any] = {
        "package": PACKAGE,
        "from_settings": False,
        "server_name": None,
        "address": "http://m",
    }
    return identify_served_model(cards, **defaults | settings)


def test_the_shipped_model_is_identified_by_its_version() -> None:
    assert identify(CARDS) == ServedModel("nano-1", "nano", "nano-1", PACKAGE)


def test_a_checkpoint_under_another_name_is_accepted_with_the_setting() -> None:
    served = identify(QWEN, from_settings=True, server_name="Qwen2.5-VL-7B")
    assert served == ServedModel("Qwen2.5-VL-7B", "nano", "nano-1", PACKAGE)


def test_a_model_without_local_files_has_the_servers_name() -> None:
    served = identify(QWEN)
    assert served == ServedModel("Qwen2.5-VL-7B", "Qwen2.5-VL-7B", "Qwen2.5-VL-7B", None)


@pytest.mark.parametrize(
    ("cards", "settings", "message"),
    [
        (QWEN, {"server_name": "nano-1"}, "serves Qwen2.5-VL-7B, not nano-1; correct"),
        (QWEN, {"from_settings": True}, "--served-model-name nano-1"),
        ([*QWEN, {"id": "other"}], {}, "the name of the model to use"),
        ([], {}, "serves nothing"),
    ],
)
def test_a_server_of_other_models_is_refused_with_a_remedy(
    cards: list[dict[str, Any]], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadCheckpoint, match=message):
        identify(cards, **settings)
