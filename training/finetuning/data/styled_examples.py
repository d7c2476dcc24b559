"""Build prompts and answers of training data in the prompt style of the trained model."""

from collections.abc import Mapping, Sequence

from PIL.Image import Image

from shared.domain.taste import ELEMENTS, MAX_WORDS, Element, Taste, TasteSide, WeightedWord
from shared.prompting.prompt import SideWords
from shared.prompting.styles.protocol import PromptStyle, Task
from shared.vlm.protocol import References
from training.finetuning.data.cases import Example
from training.rewards.prediction import Sides


def taste_of(profile: Sides) -> Taste:
    """The taste whose prompt in serving shows the words of this profile."""
    return Taste(preference=_side(profile.likes), non_preference=_side(profile.dislikes))


def predict_example(style: PromptStyle, references: References, truth: Sides) -> Example:
    """References, and the profile that they show."""
    task = predict_task(style, references)
    answer = style.taste_answer(truth.likes, truth.dislikes)
    return example(task, answer, references.images)


def describe_example(style: PromptStyle, image: Image, words: SideWords) -> Example:
    """An image and its words."""
    return example(style.describe(), style.description_answer(words), (image,))


def score_example(
    style: PromptStyle, profile: Sides, image: Image, digits: Mapping[Element, int]
) -> Example:
    """A candidate and its digits."""
    taste = taste_of(profile)
    return example(style.score(taste), style.score_answer(taste, digits), (image,))


def explain_example(
    style: PromptStyle,
    profile: Sides,
    image: Image,
    digits: Mapping[Element, int],
    rationales: Mapping[Element, str],
) -> Example:
    """A candidate, its digits and a rationale for each."""
    taste = taste_of(profile)
    answer = style.rationale_answer(taste, digits, rationales)
    return example(style.explain(taste, digits), answer, (image,))


def predict_task(style: PromptStyle, references: References) -> Task:
    """The task of a prediction from these references."""
    return style.predict(liked=len(references.liked), disliked=len(references.disliked))


def example(task: Task, answer: str, images: Sequence[Image]) -> Example:
    """The example of a task; raises `ValueError` for another number of images."""
    shown = tuple(task.shown(images))
    if task.prompt.image_count != len(shown):
        raise ValueError(f"the prompt takes {task.prompt.image_count} images, not {len(shown)}")
    return Example(task.prompt.messages(), answer, shown)


def _side(words: SideWords) -> TasteSide:
    return TasteSide.model_validate(
        {
            element.value: tuple(
                WeightedWord(word=word, weight=1) for word in words.get(element, ())[:MAX_WORDS]
            )
            for element in ELEMENTS
        }
    )
