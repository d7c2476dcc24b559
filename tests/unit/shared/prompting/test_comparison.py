"""Unusual answers to a pair prompt are parsed, or counted as a format failure."""

import re
from dataclasses import dataclass

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser import FormatFailure, parse_comparison

LIKES = ("cubism", "teal", "charcoal", "muted", "plain")
DISLIKES = ("mosaic", "red", "digital", "vivid", "rich")
KEYS = ("Art Styles", "Color", "Artistic Medium", "Saturation", "Detail")
A, B = (5, 4, 3, 5, 4), (1, 0, 2, 1, 0)


def profile(name: str, words: tuple[str, ...], keys: tuple[str, ...] = KEYS) -> str:
    lines = ",\n".join(f'"{key}": "{word}"' for key, word in zip(keys, words, strict=True))
    return f"<visual {name} profile>\n{lines}\n</visual {name} profile>\n\n"


def thinking(
    a: tuple[object, ...] = A, b: tuple[object, ...] = B, keys: tuple[str, ...] = KEYS
) -> str:
    lines = "\n\n".join(
        f"{n}. {key}: \nImage A({x}) - Image A has (2) tones; \nImage B({y}) - It does not."
        for n, (key, x, y) in enumerate(zip(keys, a, b, strict=True), start=1)
    )
    return (
        f"<think>\n{lines}\n\nTotal:\nImage A: total_score=99\nImage B: total_score=1\n</think>\n"
    )


PROFILES = profile("preference", LIKES) + profile("non-preference", DISLIKES)
ANSWER = "\n<answer>Image A</answer>"
WHOLE = PROFILES + thinking() + ANSWER
OURS = (
    "Likes art style: cubism; color: teal; medium: charcoal; saturation: muted; detail: plain.\n"
    "Dislikes art style: mosaic; color: red; medium: digital; saturation: vivid; detail: rich.\n"
    "A art style: cubism 5; color: azure 4; medium: oil painting 3; saturation: muted 5;"
    " detail: plain 4.\n"
    "B art style: mosaic 1; color: red 0; medium: any 2; saturation: vivid 1; detail: rich 0.\n"
    "<answer>Image A</answer>"
)
DIGITS_ONLY = re.sub(r": [a-z ]+(?= \d)", ":", OURS)


def spelled(*keys: str) -> str:
    sides = profile("preference", LIKES, keys) + profile("non-preference", DISLIKES, keys)
    return sides + thinking(keys=keys) + ANSWER


def with_scores(notation: str) -> str:
    """The scores in another notation, `{label}` and `{score}` filled in."""
    lines = "\n".join(
        f"{key}:\n{notation.format(label='A', score=x)}\n{notation.format(label='B', score=y)}"
        for key, x, y in zip(KEYS, A, B, strict=True)
    )
    return f"{PROFILES}<think>\n{lines}\n</think>{ANSWER}"


CAPITALS = WHOLE.replace("<answer>Image A</answer>", "<ANSWER>image a</ANSWER>")
WITHDRAWN = WHOLE.replace("<think>", "<answer>Image B</answer><think>")
WELL_FORMED = {
    "the published layout": WHOLE,
    "our own layout": OURS,
    "our own layout with digits only": DIGITS_ONLY,
    "names in the singular": spelled("Art Style", "Color", "Art Medium", "Saturation", "Detail"),
    "names with an s in brackets": spelled(
        "Art Style(s)", "Color(s)", "Artistic Medium(s)", "Saturation", "Detail(s)"
    ),
    "names run together": spelled("ArtStyle", "Colour", "ArtisticMedium", "Saturation", "Details"),
    "names in other cases": spelled(
        "ARTISTIC STYLE", "color", "artistic medium", "SATURATION", "detail"
    ),
    "names with underscores": spelled("art_style", "color", "medium", "saturation", "detail"),
    "a profile on one line": PROFILES.replace(",\n", ", ") + thinking() + ANSWER,
    "profiles without quotes": PROFILES.replace('"', "") + thinking() + ANSWER,
    "emphasis": WHOLE.replace("1. Art Styles:", "**1. Art Styles:**").replace(
        "Image A(5)", "**Image A(5)**"
    ),
    "headings in Markdown": WHOLE.replace("1. Art", "### 1. Art").replace("2. Color:", "## Color"),
    "everything on one line": WHOLE.replace("\n", " "),
    "scores after a space": with_scores("Image {label} ({score}) - why"),
    "scores out of five": with_scores("Image {label}({score}/5) - why"),
    "scores after a colon": with_scores("Image {label}: {score}"),
    "scores in square brackets": with_scores("{label} [{score}]: why"),
    "scores after the word Score": with_scores("- Image {label} - Score: {score}. Why"),
    "windows line ends": WHOLE.replace("\n", "\r\n"),
    "an answer with a stop": WHOLE.replace("Image A</answer>", " Image A.\n</answer>"),
    "an answer of one letter": WHOLE.replace("<answer>Image A", "<answer>A"),
    "an answer in other cases": CAPITALS,
    "an answer in a sentence": WHOLE.replace("<answer>", "<answer>The user prefers "),
    "an earlier answer that was withdrawn": WITHDRAWN,
    "a profile after an introduction": "My preference profile follows.\n" + WHOLE,
    "blocks under each image": (
        PROFILES + "<think>\nImage A\n- Art Style: 5\n- Color: 4\n- Medium: 3\n- Saturation: 5\n"
        "- Detail: 4\n\nImage B\n- Art Style: 1\n- Color: 0\n- Medium: 2\n- Saturation: 1\n"
        "- Detail: 0\n</think>" + ANSWER
    ),
    "quotation marks around the whole answer": f'"{WHOLE}"',
}  # fmt: skip


@pytest.mark.parametrize("name", WELL_FORMED)
def test_an_answer_is_parsed_in_every_layout(name: str) -> None:
    parsed = parse_comparison(WELL_FORMED[name])
    assert parsed.failures == ()
    assert parsed.choice == "A"
    assert [parsed.preference[e] for e in ELEMENTS] == [(word,) for word in LIKES]
    assert [parsed.non_preference[e] for e in ELEMENTS] == [(word,) for word in DISLIKES]
    assert [parsed.digits["A"][e] for e in ELEMENTS] == list(A)
    assert [parsed.digits["B"][e] for e in ELEMENTS] == list(B)


@dataclass(frozen=True)
class Bad:
    """An answer, its format failures, and the choice that is still parsed."""

    answer: str
    failures: tuple[FormatFailure, ...]
    choice: str | None = None
    finished: bool = True


CHINESE = profile("preference", ("立体主义", "青色", "木炭画", "柔和", "朴素"))
BAD = {
    "nothing": Bad("", (FormatFailure.EMPTY,)),
    "only spaces": Bad(" \n\t", (FormatFailure.EMPTY,)),
    "no answer": Bad(PROFILES + thinking(), (FormatFailure.NO_ANSWER,)),
    "an empty answer": Bad(
        PROFILES + thinking() + "<answer></answer>", (FormatFailure.UNCLEAR_ANSWER,)
    ),
    "both images": Bad(
        PROFILES + thinking() + "<answer>Image A or Image B</answer>",
        (FormatFailure.UNCLEAR_ANSWER,),
    ),
    "a third image": Bad(
        PROFILES + thinking() + "<answer>Image C</answer>", (FormatFailure.UNCLEAR_ANSWER,)
    ),
    "neither": Bad(
        PROFILES + thinking() + "<answer>neither</answer>", (FormatFailure.UNCLEAR_ANSWER,)
    ),
    "no profiles": Bad(thinking() + ANSWER, (FormatFailure.NO_PROFILE,), "A"),
    "an empty profile": Bad(
        WHOLE.replace('"teal"', '""'), (FormatFailure.NO_PROFILE,), "A"
    ),
    "a profile without an element": Bad(
        WHOLE.replace('"Saturation": "vivid",\n', ""), (FormatFailure.NO_PROFILE,), "A"
    ),
    "only one profile": Bad(
        profile("preference", LIKES) + thinking() + ANSWER, (FormatFailure.NO_PROFILE,), "A"
    ),
    "a profile in another script": Bad(
        CHINESE + profile("non-preference", DISLIKES) + thinking() + ANSWER,
        (FormatFailure.OTHER_LANGUAGE,), "A",
    ),
    "a profile with names in another script": Bad(
        profile("preference", LIKES, ("艺术风格", "颜色", "艺术媒介", "饱和度", "细节层次描述文字"))
        .replace("cubism", "立体主义立体主义立体主义立体主义立体主义立体主义立体主义")
        .replace("charcoal", "木炭画木炭画木炭画木炭画木炭画木炭画")
        + profile("non-preference", DISLIKES) + thinking() + ANSWER,
        (FormatFailure.OTHER_LANGUAGE,), "A",
    ),
    "everything in another script": Bad(
        "Пользователь предпочитает первое изображение, потому что оно ближе.",
        (FormatFailure.NO_ANSWER, FormatFailure.OTHER_LANGUAGE, FormatFailure.NO_SCORES),
    ),
    "no scores": Bad(PROFILES + ANSWER, (FormatFailure.NO_SCORES,), "A"),
    "a missing score": Bad(
        WHOLE.replace("Image B(2) - ", "Image B - "), (FormatFailure.NO_SCORES,), "A"
    ),
    "a score above five": Bad(
        PROFILES + thinking(a=(7, 4, 3, 5, 4)) + ANSWER, (FormatFailure.OUT_OF_RANGE,), "A"
    ),
    "a score below zero": Bad(
        PROFILES + thinking(b=(-1, 0, 2, 1, 0)) + ANSWER, (FormatFailure.OUT_OF_RANGE,), "A"
    ),
    "half a score": Bad(
        PROFILES + thinking(a=(4.5, 4, 3, 5, 4)) + ANSWER, (FormatFailure.OUT_OF_RANGE,), "A"
    ),
    "a score out of ten": Bad(
        PROFILES + thinking(a=("8/10", 4, 3, 5, 4)) + ANSWER, (FormatFailure.OUT_OF_RANGE,), "A"
    ),
    "our layout out of range": Bad(
        OURS.replace("style: cubism 5;", "style: cubism 50;"), (FormatFailure.OUT_OF_RANGE,), "A"
    ),
    "our layout without an element that the next line has": Bad(
        OURS.replace("color: red; ", ""), (FormatFailure.NO_PROFILE,), "A"
    ),
    "cut in the reasoning": Bad(WHOLE[: WHOLE.index("4. Saturation")], (FormatFailure.CUT_OFF,)),
    "cut in the profile": Bad(WHOLE[:60], (FormatFailure.CUT_OFF,), finished=False),
    "cut in the answer": Bad(WHOLE[:-5], (FormatFailure.CUT_OFF,)),
    "cut before the answer": Bad(PROFILES + thinking(), (FormatFailure.CUT_OFF,), finished=False),
    "endless repetition": Bad(
        WHOLE + "\n<answer>" * 300, (FormatFailure.CUT_OFF,), "A", finished=False
    ),
    "a predicted taste without scores": Bad(
        OURS[: OURS.index("\nA art")], (FormatFailure.NO_ANSWER, FormatFailure.NO_SCORES)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_format_failure_is_named_and_not_guessed(name: str) -> None:
    bad = BAD[name]
    parsed = parse_comparison(bad.answer, finished=bad.finished)
    assert parsed.failures == bad.failures
    assert parsed.choice == bad.choice


def test_totals_are_recomputed() -> None:
    parsed = parse_comparison(WHOLE)
    assert (parsed.total("A"), parsed.total("B")) == (21, 4)


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        (WHOLE, True),
        (WHOLE.replace("<answer>Image A", "<answer>Image B"), False),
        (PROFILES + thinking(a=B) + ANSWER, None),
        (PROFILES + ANSWER, None),
        (PROFILES + thinking(), None),
    ],
)
def test_a_choice_is_compared_with_the_totals(answer: str, agrees: bool | None) -> None:
    assert parse_comparison(answer).agrees_with_totals is agrees


def test_with_a_score_out_of_range_there_is_no_total() -> None:
    parsed = parse_comparison(PROFILES + thinking(a=(7, 4, 3, 5, 4)) + ANSWER)
    assert Element.ART_STYLE not in parsed.digits["A"]
    assert (parsed.total("A"), parsed.total("B")) == (None, 4)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["\n", " ", "1.", "Image A(", "<think>", "likes ", "A: ", "\n- "])
def test_a_long_nonsense_answer_is_parsed_in_linear_time(piece: str) -> None:
    assert parse_comparison(piece * 8_000).choice is None
