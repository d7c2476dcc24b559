"""List every string that is one token of nano: profile words, elements, digits, fixed sentences.

On two cores, a pass takes longer with more tokens, so each fixed string of prompts and answers is
one token. All other text is encoded as bytes and a few merges.
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
from shared.prompting.rationale import RELATIONS, rationale
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
"""The words of answers."""
SYNONYM_OF: Final = {
    other: words[0] for element in ELEMENTS for words in SYNONYMS[element] for other in words[1:]
}
"""Further words that profiles may use, with the word of `WORDS` of the same meaning."""
DIGITS: Final = tuple(range(6))


def fixed_tokens() -> tuple[str, ...]:
    """The added tokens, each once, in the order of their ids; shipped weights depend on it."""
    tokens = (
        *(f" {word}" for word in (*WORDS, *SYNONYM_OF)),
        *WORDS,  # as the first word of a rationale, after its bracket
        *(f" {element.label}:" for element in ELEMENTS),
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
    return tuple(dict.fromkeys(tokens))


def _relation_fragments() -> tuple[str, ...]:
    """Fixed parts of rationales: ` is liked`, ` is closer to`, `, which is liked`."""
    rationales = (rationale("", relation, anchor="|") for relation in RELATIONS)
    return tuple(piece.rstrip() for text in rationales for piece in text.split("|"))


def _pair_texts() -> tuple[str, ...]:
    """Texts between the images of the prompt that compares two images."""
    return tuple(piece.strip("\n") for piece, is_image in PAIR_TEMPLATE.pieces() if not is_image)
