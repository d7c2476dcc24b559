"""The JSON Schemas of the answers: fixed keys in a fixed order, and bounded lengths."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.domain.taste import ELEMENTS
from shared.prompting.prompt import WORDS_SHOWN
from shared.prompting.styles.general.guide import SUBJECT

LIKES: Final = "likes"
DISLIKES: Final = "dislikes"
MAX_WORD_CHARACTERS: Final = 40
MAX_RATIONALE_CHARACTERS: Final = 320
"""Two sentences; a longer rationale is no longer read on a card."""
ELEMENT_KEYS: Final = tuple(element.value for element in ELEMENTS)

_WORDS: Final = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_WORD_CHARACTERS},
    "maxItems": WORDS_SHOWN,
}


def _object(keys: Sequence[str], value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict.fromkeys(keys, value),
        "required": list(keys),
        "additionalProperties": False,
    }


DESCRIPTION_SCHEMA: Final = _object((*ELEMENT_KEYS, SUBJECT), _WORDS)
"""Up to two words an element; an empty list where the image does not show it."""
TASTE_SCHEMA: Final = _object((LIKES, DISLIKES), DESCRIPTION_SCHEMA)
"""A description of what the liked images share, and of what the disliked images share."""
RATIONALES_SCHEMA: Final = _object(
    ELEMENT_KEYS, {"type": "string", "minLength": 1, "maxLength": MAX_RATIONALE_CHARACTERS}
)
"""One or two sentences an element."""
