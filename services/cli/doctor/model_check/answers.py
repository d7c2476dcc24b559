"""Check that the model answers each task in a form that can be read."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.cli.doctor.model_check.finding import Finding, State
from services.cli.doctor.model_check.probe_images import blocky, blurred, colored
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.vlm.factory import Model
from shared.vlm.pairwise import Pair
from shared.vlm.protocol import References, ScoredInput, ScoringInput

REFERENCES: Final = References(
    tuple(blocky(n) for n in range(3)), tuple(blurred(n) for n in range(3))
)
STYLE_ADVICE: Final = (
    "use an instruction-tuned model that reads several images, or set PREFERSTREAM_PROMPT_STYLE to"
    " the prompts on which this model was trained"
)


def example_taste() -> Taste:
    """Likes red, dislikes blue."""

    def side(word: str) -> TasteSide:
        return TasteSide(color=(WeightedWord(word=word, weight=1),))

    return Taste(preference=side("red"), non_preference=side("blue"))


async def check_prediction(model: Model) -> Finding:
    """Whether a profile has words, and whether all its elements can be read."""
    (taste,) = await model.predict([REFERENCES])
    sides = (taste.preference, taste.non_preference)
    words = sum(len(entry) for side in sides for entry in side.values())
    shown = _words(taste.preference) + " | not: " + _words(taste.non_preference)
    return _finding("profile", taste.problems, f"{words} words: {shown}", empty=words == 0)


async def check_description(model: Model) -> Finding:
    """Whether the words of an image can be read."""
    described = await model.describe([colored("red"), blocky(0)])
    problems = [problem for description in described for problem in description.problems]
    words = " | ".join(_words(description.words) for description in described)
    empty = not any(word for d in described for word in d.words.values())
    return _finding("descriptions", problems, words, empty=empty)


async def check_scores(model: Model) -> Finding:
    """Whether each element gets a distribution, or digits without their probabilities."""
    (scores,) = await model.score([ScoringInput(example_taste(), colored("red"))])
    digits = "".join(str(scores.mode(element)) for element in ELEMENTS)
    certain = all(max(scores.digits[element]) == 1.0 for element in ELEMENTS)
    if certain:
        return Finding(
            "scores", "note", f"digits {digits} without probabilities",
            "serve the model with log-probabilities, as vLLM does; else many scores are equal",
        )  # fmt: skip
    return Finding("scores", "ok", f"digits {digits}, with a probability for each of 0 to 5")


async def check_rationales(model: Model) -> Finding:
    """Whether rationales can be read and agree with their scores."""
    candidate = ScoringInput(example_taste(), colored("blue"))
    (scores,) = await model.score([candidate])
    (rationales,) = await model.explain([ScoredInput(candidate, scores)])
    kept = len(rationales.by_element)
    example = rationales.by_element.get(Element.COLOR, "")
    detail = f"{kept} of {len(ELEMENTS)} can be shown" + (f": {example!r}" if example else "")
    if kept == len(ELEMENTS):
        return Finding("rationales", "ok", detail)
    return Finding(
        "rationales", "note", f"{detail}; {'; '.join(rationales.problems)}",
        "feeds show scores without rationales there; a larger model writes better ones",
    )  # fmt: skip


async def check_comparison(model: Model) -> Finding:
    """Whether a comparison names one of both images; evaluations need it, services do not."""
    (compared,) = await model.compare([Pair(REFERENCES, blocky(5), blurred(5))])
    if compared.parsed.choice is not None:
        return Finding("comparison", "ok", f"it chooses image {compared.parsed.choice}")
    failures = ", ".join(compared.parsed.failures)
    return Finding(
        "comparison", "note", f"no choice can be read: {failures}",
        "services do not need it; `preferstream evaluate --by pair` does",
    )  # fmt: skip


def _words(words: Mapping[Element, Sequence[str]]) -> str:
    return ", ".join(f"{e.label} {'/'.join(w)}" for e, w in words.items() if w) or "none"


def _finding(name: str, problems: Sequence[str], detail: str, *, empty: bool) -> Finding:
    state: State = "wrong" if empty else "note" if problems else "ok"
    text = f"{detail}; {'; '.join(dict.fromkeys(problems))}" if problems else detail
    return Finding(name, state, text, STYLE_ADVICE if state != "ok" else "")
