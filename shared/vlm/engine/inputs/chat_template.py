"""Find the form of a checkpoint's chat template that keeps each image at its place in the text.

Most templates write an image where the message has it. Some (LLaVA) write all images of a message
first: "Liked images:" would then stand before nothing, and the model could not know which images
are liked. Some accept only text. For both, a few lines before the template write the image's token
into the text of the message. Serving and training use the same text.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.vlm.checkpoint.checkpoint import BadCheckpoint

_FIRST, _SECOND = "the first part", "the second part"
_PROBE: Final[list[dict[str, Any]]] = [
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
_REWRITE: Final = (
    "{%- set rewritten = namespace(messages=[]) -%}"
    "{%- for message in messages -%}"
    "{%- set written = namespace(text='') -%}"
    "{%- if message['content'] is string -%}{%- set written.text = message['content'] -%}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- set written.text = written.text + (IMAGE if part['type'] == 'image' else part['text']) -%}"
    "{%- endfor -%}{%- endif -%}"
    "{%- set rewritten.messages = rewritten.messages"
    " + [{'role': message['role'], 'content': CONTENT}] -%}"
    "{%- endfor -%}"
    "{%- set messages = rewritten.messages -%}"
)
_CONTENTS: Final = ("[{'type': 'text', 'text': written.text}]", "written.text")
"""The text of a message as its only part, and as a plain text."""


def placed_template(processor: Any, *, name: str) -> str:
    """The template of a processor, in the form that keeps images at their places.

    `name` is that of the checkpoint, for errors. Raises `BadCheckpoint` without a template, and for
    one that writes no images.
    """
    own, image = template_of(processor, name), str(processor.image_token)
    forms = [own]
    for content in _CONTENTS:
        rewrite = _REWRITE.replace("IMAGE", repr(image)).replace("CONTENT", content)
        forms.append(rewrite + own)
    readable = []
    for form in forms:
        try:
            text = rendered(processor.tokenizer, form, _PROBE)
        except Exception:
            # A template is a program of the checkpoint and can raise anything.
            continue
        if text.count(image) != 2 or _FIRST not in text or _SECOND not in text:
            continue
        readable.append(form)
        if text.index(_FIRST) < text.index(image) < text.index(_SECOND):
            return form
    if readable:
        return readable[0]
    raise BadCheckpoint(
        f"the chat template of {name} does not write {image!r} for each image of a message; use the"
        " chat template that belongs to this processor"
    )


def without_thoughts(tokenizer: Any, template: str) -> str:
    """The template in which a model that can think begins its answer at once.

    Answers have a fixed layout and few tokens; a chain of thought would take all of them.
    """
    if "enable_thinking" in template:  # Qwen3.5, GLM and others let the caller choose
        template = "{%- set enable_thinking = false -%}" + template
    text = rendered(tokenizer, template, [{"role": "user", "content": _PROBE[0]["content"][:1]}])
    if text.rstrip().endswith("<think>"):
        template += "{%- if add_generation_prompt -%}{{ '</think>\n\n' }}{%- endif -%}"
    return template


def with_first_token(tokenizer: Any, template: str) -> str:
    """The template with the tokenizer's first token, where only the tokenizer would write it.

    All texts are then tokenized without special tokens, in serving and in training.
    """
    first = tokenizer.bos_token
    if first is None or tokenizer("a")["input_ids"][:1] != [tokenizer.bos_token_id]:
        return template
    has_first = rendered(tokenizer, template, _PROBE).startswith(first)
    return template if has_first else "{{- bos_token -}}" + template


def rendered(tokenizer: Any, template: str, messages: list[dict[str, Any]]) -> str:
    """The text of a conversation, up to the start of the answer."""
    # Not the processor's own method: SmolVLM's logs a warning at each call.
    return str(
        tokenizer.apply_chat_template(
            messages, chat_template=template, tokenize=False, add_generation_prompt=True
        )
    )


def template_of(processor: Any, name: str) -> str:
    """The chat template of a processor or tokenizer; raises `BadCheckpoint` without one."""
    for owner in (processor, getattr(processor, "tokenizer", None)):
        template = getattr(owner, "chat_template", None)
        if isinstance(template, Mapping):
            template = template.get("default")
        if template:
            return str(template)
    raise BadCheckpoint(
        f"{name} has no chat template, so its prompts cannot be written; use an instruction-tuned"
        " checkpoint, or add its chat_template.jinja to the folder"
    )
