"""Build nano's tokenizer: bytes, and whole the strings that prompts and answers always use."""

from typing import Any, Final

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import Qwen2TokenizerFast

from training.nano.model.vocabulary import (
    END_OF_TEXT,
    IMAGE_END,
    IMAGE_PAD,
    IMAGE_START,
    SPECIAL,
    TURN_END,
    TURN_START,
    whole_tokens,
)

CHAT_TEMPLATE: Final = (
    "{% for message in messages %}"
    f"{TURN_START}{{{{ message['role'] }}}}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    f"{{% if part['type'] == 'image' %}}{IMAGE_START}{IMAGE_PAD}{IMAGE_END}"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}"
    f"{TURN_END}\n"
    "{% endfor %}"
    f"{{% if add_generation_prompt %}}{TURN_START}assistant\n{{% endif %}}"
)
"""Qwen's chat markup, without its system message and its picture numbers."""


SYLLABLES_FROM: Final = (
    "user\n",
    "assistant\n",
    "Describe this image",
    "the liked images share",
    "color red",
)
"""A few merges are learned from these, so that a chat's roles take fewer tokens than bytes."""
TIMES: Final = 50
SYLLABLES_END: Final = 300
"""Ids below it: special tokens, bytes and learned merges; from it on, the whole tokens."""


def build_tokenizer() -> Any:
    """The tokenizer, the same ids every time: bytes, a few syllables, then the whole tokens."""
    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SYLLABLES_END,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    bare.train_from_iterator(SYLLABLES_FROM * TIMES, trainer)
    bare.add_tokens([AddedToken(text, normalized=False) for text in whole_tokens()])
    tokenizer = Qwen2TokenizerFast(
        tokenizer_object=bare, eos_token=TURN_END, pad_token=END_OF_TEXT, unk_token=END_OF_TEXT
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL[1:])})
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
