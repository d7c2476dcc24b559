"""Build nano's tokenizer: bytes, and one token for each fixed string of prompts and answers."""

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
    fixed_tokens,
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
"""Qwen's chat markup, without the system message and the picture numbers."""

MERGE_TEXTS: Final = (
    "user\n",
    "assistant\n",
    "Describe this image",
    "the liked images share",
    "color red",
)
"""Texts from which a few merges are learned, so that the roles of a chat take fewer tokens."""
MERGE_REPEATS: Final = 50
MERGES_END: Final = 300
"""Smaller ids are special tokens, bytes and learned merges; larger ids are the fixed strings."""


def build_tokenizer() -> Any:
    """The tokenizer; its ids are the same in every build: bytes, merges, then the fixed strings."""
    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=MERGES_END,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    tokens.train_from_iterator(MERGE_TEXTS * MERGE_REPEATS, trainer)
    tokens.add_tokens([AddedToken(text, normalized=False) for text in fixed_tokens()])
    tokenizer = Qwen2TokenizerFast(
        tokenizer_object=tokens, eos_token=TURN_END, pad_token=END_OF_TEXT, unk_token=END_OF_TEXT
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL[1:])})
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
