"""Write a prompt as a chat completion request, and read the text of the response."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import Prompt, score_line
from shared.vlm.server.connection import PART

REASONING_FIELDS: Final = ("reasoning_content", "reasoning")
"""Fields of a message into which servers put the thoughts; the name has changed over time."""
_FIELDS: Final = ("content", "refusal", *REASONING_FIELDS)
"""A message of a chat completion has at least one of these; some servers leave out empty ones."""


def completion_request(
    prompt: Prompt, image_urls: Sequence[str], *, model: str, max_tokens: int
) -> dict[str, Any]:
    """The body of a request for a greedy answer that starts with the prompt's answer prefix.

    `image_urls` are data URLs. Sampling settings other than temperature come from the server's own
    configuration.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": messages(prompt, image_urls),
        "max_tokens": max_tokens,
        "temperature": 0,
    }
    if prompt.answer_prefix:
        body |= {"add_generation_prompt": False, "continue_final_message": True}
    return body


def messages(prompt: Prompt, image_urls: Sequence[str]) -> list[dict[str, Any]]:
    """The messages of system, user and assistant (answer prefix), those that the prompt has."""
    urls = iter(image_urls)
    content: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": next(urls)}}
        if part.kind == "image"
        else {"type": "text", "text": part.text}
        for part in prompt.parts
    ]
    chat = [{"role": "user", "content": content}]
    if prompt.system:
        chat.insert(0, {"role": "system", "content": [{"type": "text", "text": prompt.system}]})
    if prompt.answer_prefix:
        chat.append(
            {"role": "assistant", "content": [{"type": "text", "text": prompt.answer_prefix}]}
        )
    return chat


def completion_text(response: Mapping[str, Any], *, prefix: str = "") -> tuple[str, bool]:
    """The answer with its prefix, and whether the model finished it; raises `Unavailable`."""
    try:
        (choice,) = response["choices"]
        message = choice["message"]
        if not any(field in message for field in _FIELDS):
            raise KeyError("content")
        # A server of the OpenAI API puts a refusal into a field of its own.
        text = message.get("content") or message.get("refusal") or ""
        return prefix + text, choice["finish_reason"] == "stop"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unavailable(PART, f"the server's answer is no chat completion: {error!r}") from error


def rationales_pattern(digits: Mapping[Element, int], *, prefix: str) -> str:
    """A regular expression for the explanation after `prefix`: fixed digits, free rationales."""
    placeholder = "RATIONALE"
    line = score_line(digits, dict.fromkeys(ELEMENTS, placeholder))
    return _escaped(line.removeprefix(prefix)).replace(placeholder, r"[^()\n]+")


def digits_pattern(*, prefix: str) -> str:
    """A regular expression for the score answer after `prefix`, with any digits."""
    line = score_line(dict.fromkeys(ELEMENTS, 0)).removeprefix(prefix)
    return _escaped(line).replace("0", "[0-5]")


def _escaped(text: str) -> str:
    """Escapes fewer characters than `re.escape`: the server's grammar rejects an escaped space."""
    for sign in "().":
        text = text.replace(sign, f"\\{sign}")
    return text
