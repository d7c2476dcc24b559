"""Say a prompt as a chat completion, and read what comes back."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from shared.prompting.prompt import Prompt
from shared.vlm.server.connection import PART


def question(asked: Prompt, pictures: Sequence[str], *, model: str, most: int) -> dict[str, Any]:
    """A greedy answer of at most `most` tokens that begins as the prompt says.

    `pictures` are data URLs. Fields beyond temperature come from the server's own configuration.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": messages(asked, pictures),
        "max_tokens": most,
        "temperature": 0,
    }
    if asked.answer_prefix:
        body |= {"add_generation_prompt": False, "continue_final_message": True}
    return body


def messages(asked: Prompt, pictures: Sequence[str]) -> list[dict[str, Any]]:
    """System, user and the beginning of the answer, those that there are."""
    waiting = iter(pictures)
    content: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": next(waiting)}}
        if part.kind == "image"
        else {"type": "text", "text": part.text}
        for part in asked.parts
    ]
    said = [{"role": "user", "content": content}]
    if asked.system:
        said.insert(0, {"role": "system", "content": [{"type": "text", "text": asked.system}]})
    if asked.answer_prefix:
        said.append(
            {"role": "assistant", "content": [{"type": "text", "text": asked.answer_prefix}]}
        )
    return said


def written(answer: Mapping[str, Any], *, begun: str = "") -> tuple[str, bool]:
    """The whole text, and whether the model ended it; raises `Unavailable`."""
    try:
        (choice,) = answer["choices"]
        text = choice["message"]["content"] or ""
        return begun + text, choice["finish_reason"] == "stop"
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(PART, f"the server's answer is no chat completion: {error!r}") from error


def reasons_pattern(digits: Mapping[Element, int], *, begun: str) -> str:
    """A regular expression for an explanation that has these digits and any reasons."""
    place = "REASON"
    line = prompt.score_line(digits, dict.fromkeys(ELEMENTS, place))
    return _escaped(line.removeprefix(begun)).replace(place, r"[^()\n]+")


def digits_pattern(*, begun: str) -> str:
    """A regular expression for the score answer with any digits."""
    line = prompt.score_line(dict.fromkeys(ELEMENTS, 0)).removeprefix(begun)
    return _escaped(line).replace("0", "[0-5]")


def _escaped(text: str) -> str:
    """Not `re.escape`, whose `\\ ` for a space the server's grammar does not know."""
    for sign in "().":
        text = text.replace(sign, f"\\{sign}")
    return text
