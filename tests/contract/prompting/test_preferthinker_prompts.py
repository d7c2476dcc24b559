"""The prompts and answers of the style of PreferThinker checkpoints are those of its version."""

from pathlib import Path
from typing import Final

import pytest

from shared.domain.taste import ELEMENTS, Taste
from shared.prompting.styles.protocol import Task
from tests.contract.prompting.test_general_prompts import TASTE
from tests.fakes.official_model import TEMPLATE, preferthinker

FOLDER: Final = Path(__file__).parent / "golden_prompts" / "preferthinker"
STYLE: Final = preferthinker()
DIGITS: Final = {e: n for n, e in enumerate(ELEMENTS)}
TASKS: Final = {
    "predict": STYLE.predict(liked=5, disliked=5),
    "predict_likes_alone": STYLE.predict(liked=2, disliked=0),
    "predict_dislikes_alone": STYLE.predict(liked=0, disliked=2),
    "score": STYLE.score(TASTE),
    "score_unknown": STYLE.score(Taste()),
    "explain": STYLE.explain(TASTE, DIGITS),
}
WHY: Final = {e: f"the {e.label} suits this person" for e in ELEMENTS}
ANSWERS: Final = {
    "answer_taste": STYLE.taste_answer(
        {e: (f"a {e.label}", "another") for e in ELEMENTS}, {ELEMENTS[0]: ("cubism",)}
    ),
    "answer_score": STYLE.score_answer(TASTE, DIGITS),
    "answer_explain": STYLE.rationale_answer(TASTE, DIGITS, WHY),
}


def text_of(task: Task) -> str:
    """The system message, the prompt with numbered images, the answer's start, and its form."""
    places = iter(task.image_order or ())
    parts = [
        f"[image {next(places)}]" if part.kind == "image" else part.text
        for part in task.prompt.parts
    ]
    form = f"pattern: {task.pattern}\nstop: {task.stop}\ngaps: {task.digit_gaps}"
    return "\n---\n".join(
        [task.prompt.system, "".join(parts), task.prompt.answer_prefix, f"{form}\n"]
    )


TEXTS: Final = {name: text_of(task) for name, task in TASKS.items()} | ANSWERS


@pytest.mark.parametrize("name", TEXTS)
def test_a_prompt_or_answer_equals_its_golden_file(name: str) -> None:
    layout_version, template_hash = STYLE.version.split("-")
    assert len(template_hash) == 12
    golden = (FOLDER / f"v{layout_version}_{name}.txt").read_text(encoding="utf-8")
    assert TEXTS[name] == golden, "a changed layout needs a new version of the style"


def test_every_image_of_a_task_has_a_place() -> None:
    for task in TASKS.values():
        assert task.image_order is not None
        assert task.prompt.image_count == len(task.image_order)


def test_descriptions_are_those_of_the_general_style() -> None:
    from shared.prompting.styles.registry import GENERAL

    assert STYLE.describe() == GENERAL.describe()


def test_the_text_of_the_template_is_kept() -> None:
    system, user = TEMPLATE.decode().split("\n---\n")
    for task in TASKS.values():
        assert task.prompt.system == system
        text = "".join(part.text for part in task.prompt.parts)
        assert all(line in text for line in user.split("\n") if "{" not in line)
