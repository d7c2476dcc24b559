"""Render prompts by the chat template of a checkpoint, with each image at its place in the text.

Most templates write an image where the message has it. Some (LLaVA) write all images of a message
first: "Liked images:" would then stand before nothing, and the model could not know which images
are liked. Some accept only text. For both, the image's token is written into the text.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared.vlm.checkpoint.checkpoint import BadCheckpoint

Messages = list[dict[str, Any]]
_FIRST, _SECOND = "the first part", "the second part"
_PROBE: Final[Messages] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": _FIRST},
            {"type": "image"},
            {"type": "text", "text": _SECOND},
            {"type": "image"},
        ],
    }
]


class ChatTemplate:
    """The template of one checkpoint; raises `BadCheckpoint` when it cannot write images."""

    def __init__(self, processor: Any, *, name: str) -> None:
        """`name` is that of the checkpoint, for errors."""
        self._tokenizer = processor.tokenizer
        self._template = template_of(processor, name)
        self._image = str(processor.image_token)
        self._prepared = self._working_form(name)

    def render(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """The text of a conversation, up to the start of the answer."""
        return self._rendered(self._prepared(list(map(dict, messages))))

    def prepared(self, messages: Sequence[Mapping[str, Any]]) -> Messages:
        """The messages in the form in which the template keeps images at their places."""
        return self._prepared(list(map(dict, messages)))

    def _working_form(self, name: str) -> Callable[[Messages], Messages]:
        readable: list[Callable[[Messages], Messages]] = []
        for prepare in (_as_is, self._in_text_parts, self._as_text):
            try:
                text = self._rendered(prepare(_PROBE))
            except Exception:
                # A template is a program of the checkpoint and can raise anything.
                continue
            if text.count(self._image) != 2 or _FIRST not in text or _SECOND not in text:
                continue
            readable.append(prepare)
            if text.index(_FIRST) < text.index(self._image) < text.index(_SECOND):
                return prepare
        if readable:
            return readable[0]
        raise BadCheckpoint(
            f"the chat template of {name} does not write {self._image!r} for each image of a"
            " message; use the chat template that belongs to this processor"
        )

    def _rendered(self, messages: Messages) -> str:
        # Not the processor's own method: SmolVLM's logs a warning at each call.
        return str(
            self._tokenizer.apply_chat_template(
                messages, chat_template=self._template, tokenize=False, add_generation_prompt=True
            )
        )

    def _in_text_parts(self, messages: Messages) -> Messages:
        return [
            message | {"content": [{"type": "text", "text": self._text(message["content"])}]}
            for message in messages
        ]

    def _as_text(self, messages: Messages) -> Messages:
        return [message | {"content": self._text(message["content"])} for message in messages]

    def _text(self, content: Any) -> str:
        if isinstance(content, str):
            return content
        return "".join(
            self._image if part["type"] == "image" else str(part["text"]) for part in content
        )


def _as_is(messages: Messages) -> Messages:
    return messages


def template_of(processor: Any, name: str) -> str:
    """The chat template of a processor or tokenizer; raises `BadCheckpoint` without one."""
    tokenizer = getattr(processor, "tokenizer", processor)
    for owner in (processor, tokenizer):
        template = getattr(owner, "chat_template", None)
        if isinstance(template, Mapping):
            template = template.get("default")
        if template:
            return str(template)
    raise BadCheckpoint(
        f"{name} has no chat template, so its prompts cannot be written; use an instruction-tuned"
        " checkpoint, or add its chat_template.jinja to the folder"
    )
