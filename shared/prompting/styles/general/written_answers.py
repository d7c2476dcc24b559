"""Write the answers of the general style, for training: JSON in the layout that a prompt shows."""

import json
from collections.abc import Mapping
from typing import Any

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import SideWords
from shared.prompting.styles.general.guide import SUBJECT
from shared.prompting.styles.general.schema import DISLIKES, LIKES


def taste(likes: SideWords, dislikes: SideWords) -> str:
    """Both sides of a taste; an unknown element has an empty list."""
    return to_json({LIKES: _lists(likes), DISLIKES: _lists(dislikes)})


def description(words: SideWords) -> str:
    """The words of one image."""
    return to_json(_lists(words))


def rationales(by_element: Mapping[Element, str]) -> str:
    """One text an element."""
    return to_json({element.value: by_element[element] for element in ELEMENTS})


def _lists(words: SideWords) -> dict[str, list[str]]:
    # The five elements alone are known in training data, so the subject stays empty.
    return {**{e.value: list(words.get(e, ())) for e in ELEMENTS}, SUBJECT: []}


def to_json(value: Mapping[str, Any]) -> str:
    """JSON on one line, with the spaces of the layout in the prompts."""
    return json.dumps(value, ensure_ascii=False)
