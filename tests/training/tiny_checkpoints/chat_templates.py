"""Chat templates with the markup of each family of models, in their different habits.

Qwen, SmolVLM, Gemma and InternVL write images where the prompt has them. LLaVA writes all images of
a message first and its text after them.
"""

from typing import Final

_PARTS: Final = (
    "{{% if message['content'] is string %}}{{{{ message['content'] }}}}{{% else %}}"
    "{{% for part in message['content'] %}}{{% if part['type'] == 'image' %}}{image}"
    "{{% elif part['type'] == 'text' %}}{{{{ part['text'] }}}}{{% endif %}}{{% endfor %}}"
    "{{% endif %}}"
)


def chatml(image: str) -> str:
    """Qwen's and InternVL's markup."""
    return (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
        + _PARTS.format(image=image)
        + "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


SMOLVLM: Final = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:"
    + _PARTS.format(image="<image>")
    + "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
GEMMA: Final = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>"
    "{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    + _PARTS.format(image="<start_of_image>")
    + "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
LLAVA: Final = (
    "{% for message in messages %}{{ message['role'] | upper }}: "
    "{% for part in message['content'] if part['type'] == 'image' %}<image>\n{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}"
    "{{ eos_token if message['role'] == 'assistant' else ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
