"""A model that thinks before its answer has bounded thoughts, and answers at once after them."""

from collections.abc import Mapping
from typing import Any, cast

from PIL import Image

from shared.domain.taste import Element
from shared.prompting.styles.registry import GENERAL
from shared.vlm.protocol import References
from shared.vlm.server.chosen_scores import ChosenScores, distributions
from shared.vlm.server.connection import Connection
from shared.vlm.server.data_urls import LimitedSize
from shared.vlm.server.dialect import Dialect
from shared.vlm.server.model import ServerModel
from shared.vlm.server.thinking import Thinking, answer_start

USER = References((Image.new("RGB", (8, 8), "red"),), ())
ANSWER = '{"likes": {"color": ["red"]}, "dislikes": {"color": ["blue"]}}'


class ThinkingServer:
    """Answers like vLLM with a reasoning parser: the thoughts are in a field of their own."""

    address = "http://models.internal"

    def __init__(self, *, thought_tokens: int) -> None:
        self.thought_tokens = thought_tokens
        self.requests: list[Mapping[str, Any]] = []

    async def complete(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.requests.append(request)
        thinks = request["chat_template_kwargs"]["enable_thinking"]
        is_cut = thinks and request["max_tokens"] <= self.thought_tokens
        message = {"content": None if is_cut else ANSWER, "reasoning": "Red." if thinks else None}
        reason = "length" if is_cut else "stop"
        return {"choices": [{"message": message, "finish_reason": reason}]}


def model_at(server: ThinkingServer, thinking: Thinking) -> ServerModel:
    return ServerModel(
        cast(Connection, server), name="m", version="m", style=GENERAL, dialect=Dialect.VLLM,
        score_reader=ChosenScores(GENERAL, Dialect.VLLM), encoder=LimitedSize(64),
        thinking=thinking,
    )  # fmt: skip


async def test_a_model_thinks_only_where_the_setting_says_so() -> None:
    server = ThinkingServer(thought_tokens=50)
    (taste,) = await model_at(server, Thinking()).predict([USER])
    assert (taste.thoughts, taste.preference[Element.COLOR]) == ("", ("red",))
    (taste,) = await model_at(server, Thinking(is_wanted=True, max_tokens=200)).predict([USER])
    assert (taste.thoughts, taste.preference[Element.COLOR]) == ("Red.", ("red",))
    limits = [request["max_tokens"] for request in server.requests]
    assert limits[1] - limits[0] == 200


async def test_after_too_long_thoughts_the_model_is_asked_to_answer_at_once() -> None:
    server = ThinkingServer(thought_tokens=100_000)
    model = model_at(server, Thinking(is_wanted=True, max_tokens=200))
    (taste,) = await model.predict([USER])
    assert taste.preference[Element.COLOR] == ("red",)
    thinks = [r["chat_template_kwargs"]["enable_thinking"] for r in server.requests]
    assert thinks == [True, False]


def test_the_digits_after_a_thought_keep_their_probabilities() -> None:
    def token(text: str) -> dict[str, Any]:
        return {"token": text, "top_logprobs": [{"token": text, "logprob": -0.1}]}

    tokens = ["<think>", "12345", " no", "</think>", "\n", *"42035"]
    assert tokens[answer_start(tokens)] == "\n"
    response = {"choices": [{"logprobs": {"content": [token(text) for text in tokens]}}]}
    rows = distributions(response)
    assert rows is not None
    assert [max(range(6), key=row.__getitem__) for row in rows] == [4, 2, 0, 3, 5]
    assert answer_start(["4", "2"]) == 0
