"""Every string that is one token of nano: taste words, element names, digits, fixed sentences.

A small model on two cores pays by the token, so whatever the prompts and answers always say is one
token; everything else is bytes and a few syllables, so any text can still be encoded.
"""

from typing import Final

from shared.domain.taste import ELEMENTS
from shared.prompting.prompt import (
    CANDIDATE,
    DISLIKED,
    LIKED,
    PAIR_TEMPLATE,
    TASKS,
    UNKNOWN,
    answer_line,
)
from shared.prompting.rationale import RELATIONS, phrase
from training.prefersim.values.synonyms import SYNONYMS
from training.prefersim.values.vocabulary import VALUES

END_OF_TEXT: Final = "<|endoftext|>"
TURN_START: Final = "<|im_start|>"
TURN_END: Final = "<|im_end|>"
IMAGE_START: Final = "<|vision_start|>"
IMAGE_END: Final = "<|vision_end|>"
IMAGE_PAD: Final = "<|image_pad|>"
VIDEO_PAD: Final = "<|video_pad|>"
SPECIAL: Final = (
    END_OF_TEXT,
    TURN_START,
    TURN_END,
    IMAGE_START,
    IMAGE_END,
    IMAGE_PAD,
    VIDEO_PAD,
)

WORDS: Final = tuple(word for element in ELEMENTS for word in VALUES[element])
"""What answers name things by."""
ALSO: Final = {
    other: words[0] for element in ELEMENTS for words in SYNONYMS[element] for other in words[1:]
}
"""What a taste may name them by as well, with the word of `WORDS` that means the same."""
DIGITS: Final = tuple(range(6))


def whole_tokens() -> tuple[str, ...]:
    """The added tokens, each once, in the order of their ids: a shipped model depends on it."""
    listed = (
        *(f" {word}" for word in (*WORDS, *ALSO)),
        *WORDS,  # as the first word of a reason, after its bracket
        *(f" {element.spoken}:" for element in ELEMENTS),
        *(f" {digit}" for digit in DIGITS),
        *(LIKED, DISLIKED, CANDIDATE),
        *TASKS,
        *("Likes", "Dislikes", "Shows", "Scores"),
        *(" or", f" {UNKNOWN}"),
        *(";", " (", ")"),
        *_relation_fragments(),
        *_pair_texts(),
        *(answer_line("A"), answer_line("B")),
    )
    return tuple(dict.fromkeys(listed))


def _relation_fragments() -> tuple[str, ...]:
    """What a reason says around its words: ` is liked`, ` is closer to`, `, which is liked`."""
    reasons = (phrase("", relation, anchor="|") for relation in RELATIONS)
    return tuple(piece.rstrip() for reason in reasons for piece in reason.split("|"))


def _pair_texts() -> tuple[str, ...]:
    """What the prompt that compares two images says between the images."""
    return tuple(piece.strip("\n") for piece, is_image in PAIR_TEMPLATE.pieces() if not is_image)
