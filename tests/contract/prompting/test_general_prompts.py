"""The prompts and schemas of the general style are those of its version."""

import json
from pathlib import Path
from typing import Final

import pytest

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.prompting.styles.general import GeneralStyle
from shared.prompting.styles.general.guide import MEANING
from shared.prompting.styles.protocol import Task

FOLDER: Final = Path(__file__).parent / "golden_prompts"
STYLE: Final = GeneralStyle()


def side(**words: str) -> TasteSide:
    return TasteSide(**{name: (WeightedWord(word=word, weight=1),) for name, word in words.items()})


TASTE: Final = Taste(
    preference=side(art_style="impressionism", color="blue"), non_preference=side(detail="plain")
)
TASKS: Final = {
    "predict": STYLE.predict(liked=5, disliked=5),
    "predict_likes_alone": STYLE.predict(liked=2, disliked=0),
    "predict_dislikes_alone": STYLE.predict(liked=0, disliked=2),
    "describe": STYLE.describe(),
    "score": STYLE.score(TASTE),
    "score_unknown": STYLE.score(Taste()),
    "explain": STYLE.explain(TASTE, {e: n for n, e in enumerate(ELEMENTS)}),
}


def text_of(task: Task) -> str:
    """The prompt as one text with `[image]` for images, a line, and the schema of the answer."""
    parts = ["[image]" if part.kind == "image" else part.text for part in task.prompt.parts]
    schema = json.dumps(task.schema, indent=1) if task.schema else "five digits"
    return "".join(parts) + "\n---\n" + schema + "\n"


@pytest.mark.parametrize("name", TASKS)
def test_a_prompt_equals_its_golden_file(name: str) -> None:
    golden = (FOLDER / "general" / f"v{STYLE.version}_{name}.txt").read_text(encoding="utf-8")
    assert text_of(TASKS[name]) == golden, "a changed prompt needs a new version of the style"


@pytest.mark.parametrize("name", TASKS)
def test_every_prompt_names_and_explains_every_element(name: str) -> None:
    text = text_of(TASKS[name])
    for element in Element:
        assert f"- {element.value}: {MEANING[element]}" in text


def test_a_missing_group_is_not_announced() -> None:
    assert "dislikes these images" not in text_of(TASKS["predict_likes_alone"])
    assert "One person dislikes these images:\n[image]" in text_of(TASKS["predict_dislikes_alone"])
