"""Prompts become chat completions, and forced answers are read back, token by token."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt
from shared.prompting.pair_template import PairTemplate
from shared.vlm.checkpoint.checkpoint import BadCheckpoint, shipped_folder
from shared.vlm.checkpoint.model_package import ModelPackage
from shared.vlm.engine.answer_layout import lines, skeleton_of
from shared.vlm.server.chat import digits_pattern, messages, question, reasons_pattern, written
from shared.vlm.server.data_urls import AsTheModelSees, AtMost
from shared.vlm.server.forced_scores import ForcedScores, NotForced
from shared.vlm.server.served_model import Served, served

BEGUN = "Scores"
KNOWN = ModelPackage(Path("/models/nano"), "nano", "nano-1", "checkpoint", "0" * 64, "1")
TOKENIZERS = {
    "a digit with its space": r" ?[A-Za-z]+| ?\d|.",
    "a digit of its own, as Qwen's": r" ?[A-Za-z]+|\d|.",
}


def forced_by(pattern: str) -> ForcedScores:
    ids: dict[str, int] = {}
    rows = [
        [ids.setdefault(piece, len(ids)) for piece in re.findall(pattern, line)]
        for line in (BEGUN, *lines())
    ]
    return ForcedScores.of(skeleton_of(rows[1:]), begun=rows[0], text=BEGUN)


def answer(forced: ForcedScores, probabilities: list[list[float]]) -> dict[str, Any]:
    """What a server tells of the forced answer, half of the mass being elsewhere."""
    at = dict(zip(forced.places, probabilities, strict=True))
    content = [
        {
            "token": f"token_id:{token}",
            "top_logprobs": [
                {"token": f"token_id:{d}", "logprob": math.log(p / 2)}
                for d, p in zip(forced.digit_ids, at.get(n, [1.0] * 6), strict=True)
            ],
        }
        for n, token in enumerate(forced.written)
    ]
    return {"choices": [{"logprobs": {"content": content}}]}


def test_images_stand_in_the_question_where_the_prompt_has_them() -> None:
    asked = prompt.predict(liked=2, disliked=1)
    user, begun = messages(asked, ["data:a", "data:b", "data:c"])
    told = [p.get("text") or p["image_url"]["url"] for p in user["content"]]
    assert told == [
        "Liked images:", "data:a", "data:b", "\nDisliked images:", "data:c",
        f"\n{prompt.PREDICT_TASK}",
    ]  # fmt: skip
    assert begun == {"role": "assistant", "content": [{"type": "text", "text": "Likes"}]}


def test_an_answer_that_is_begun_is_continued_and_another_is_not() -> None:
    begun = question(prompt.describe(), ["data:a"], model="m", most=9)
    assert (begun["continue_final_message"], begun["add_generation_prompt"]) == (True, False)
    assert (begun["model"], begun["max_tokens"], begun["temperature"]) == ("m", 9, 0)
    template = PairTemplate("{liked}{disliked}{image_a}{image_b}", system="Look.")
    asked = prompt.pair(liked=1, disliked=1, template=template)
    free = question(asked, ["data:a"] * 4, model="m", most=9)
    assert "continue_final_message" not in free
    assert [m["role"] for m in free["messages"]] == ["system", "user"]


@pytest.mark.parametrize("reason", [("stop", True), ("length", False)])
def test_an_answer_is_whole_when_the_model_ended_it(reason: tuple[str, bool]) -> None:
    body = {"choices": [{"message": {"content": " red."}, "finish_reason": reason[0]}]}
    assert written(body, begun="Shows") == ("Shows red.", reason[1])


def test_the_digits_pattern_takes_every_score_line_and_nothing_else() -> None:
    pattern = digits_pattern(begun=BEGUN)
    for line in lines():
        assert re.fullmatch(pattern, line.removeprefix(BEGUN))
    assert not re.fullmatch(pattern, lines()[0].removeprefix(BEGUN).replace("0", "6"))
    assert not re.fullmatch(pattern, lines()[0].removeprefix(BEGUN) + "x")


def test_the_reasons_pattern_holds_the_digits_and_leaves_the_reasons_free() -> None:
    digits = dict(zip(ELEMENTS, (5, 0, 2, 3, 4), strict=True))
    pattern = reasons_pattern(digits, begun=BEGUN)
    told = dict.fromkeys(ELEMENTS, "red, and no taste is known")
    assert re.fullmatch(pattern, prompt.score_line(digits, told).removeprefix(BEGUN))
    other = dict.fromkeys(ELEMENTS, 1)
    assert not re.fullmatch(pattern, prompt.score_line(other, told).removeprefix(BEGUN))
    assert not re.fullmatch(pattern, prompt.score_line(digits).removeprefix(BEGUN))


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_distributions_are_those_at_the_digits_places_whatever_a_token_is(tokenizer: str) -> None:
    forced = forced_by(tokenizer)
    rows = [[0.5, 0.1, 0.1, 0.1, 0.1, 0.1], [0.1] * 5 + [0.5]] + [[1 / 6] * 6] * 3
    scores = forced.read(answer(forced, rows))
    for element, row in zip(ELEMENTS, rows, strict=True):
        assert scores.digits[element] == pytest.approx(row)
    asked = forced.question({"model": "m"})
    assert asked["max_tokens"] == len(forced.written) == forced.places[-1] + 1
    # Of the digits only the one that is held open may be written.
    assert len(set(asked["allowed_token_ids"]) & set(forced.digit_ids)) == 1


def test_an_answer_with_other_tokens_is_not_read() -> None:
    forced = forced_by(TOKENIZERS["a digit with its space"])
    told = answer(forced, [[1 / 6] * 6] * 5)
    shorter = replace(forced, written=forced.written[:-1])
    with pytest.raises(NotForced, match="its tokens are"):
        shorter.read(told)


def test_an_answer_without_a_digits_probability_is_not_read() -> None:
    forced = forced_by(TOKENIZERS["a digit with its space"])
    told = answer(forced, [[1 / 6] * 6] * 5)
    del told["choices"][0]["logprobs"]["content"][forced.places[2]]["top_logprobs"][0]
    with pytest.raises(NotForced, match="are left out"):
        forced.read(told)


def test_a_tokenizer_that_joins_the_beginning_with_the_rest_is_refused() -> None:
    with pytest.raises(BadCheckpoint, match="joins 'Scores' with what follows"):
        ForcedScores.of(
            skeleton_of([[7, d, 8, d, 8, d, 8, d, 8, d] for d in range(6)]), begun=[9], text=BEGUN
        )


def test_images_are_sent_as_the_model_sees_them_or_no_larger_than_set() -> None:
    wide = Image.new("RGB", (4000, 100), "red")
    seen = AsTheModelSees(shipped_folder(), 1000).data_url(wide)
    assert seen.startswith("data:image/png;base64,")
    assert sent_size(seen) == (84, 84)
    assert sent_size(AtMost(1000).data_url(wide)) == (1000, 25)
    assert sent_size(AsTheModelSees(shipped_folder(), 56).data_url(wide)) == (84, 84)
    assert sent_size(AtMost(1000).data_url(Image.new("LA", (30, 20)))) == (30, 20)


def sent_size(url: str) -> tuple[int, int]:
    import base64
    from io import BytesIO

    with Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return image.size


CARDS = [{"id": "nano-1"}, {"id": "night-3", "parent": "nano-1"}]
QWEN = [{"id": "Qwen2.5-VL-7B", "parent": None}]


def find(cards: list[dict[str, Any]], **said: Any) -> Served:
    told = {"known": KNOWN, "known_is_meant": False, "called": None, "address": "http://m", **said}
    return served(cards, **told)


def test_the_shipped_model_is_known_by_its_version() -> None:
    assert find(CARDS) == Served("nano-1", "nano", "nano-1", KNOWN)


def test_a_checkpoint_under_another_name_is_believed_when_the_settings_say_so() -> None:
    found = find(QWEN, known_is_meant=True, called="Qwen2.5-VL-7B")
    assert found == Served("Qwen2.5-VL-7B", "nano", "nano-1", KNOWN)


def test_a_model_whose_files_are_not_here_goes_by_the_servers_name() -> None:
    found = find(QWEN)
    assert found == Served("Qwen2.5-VL-7B", "Qwen2.5-VL-7B", "Qwen2.5-VL-7B", None)


@pytest.mark.parametrize(
    ("cards", "said", "told"),
    [
        (QWEN, {"called": "nano-1"}, "serves Qwen2.5-VL-7B, not nano-1; correct"),
        (QWEN, {"known_is_meant": True}, "--served-model-name nano-1"),
        ([*QWEN, {"id": "other"}], {}, "which of them is meant"),
        ([], {}, "serves nothing"),
    ],
)
def test_a_server_of_other_models_is_refused_with_what_to_do(
    cards: list[dict[str, Any]], said: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadCheckpoint, match=told):
        find(cards, **said)
