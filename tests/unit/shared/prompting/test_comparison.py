"""Awkward answers to a pair prompt are read as they were meant, or counted as what is wrong."""

import re
from dataclasses import dataclass

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser import Failure, read_comparison

LIKES = ("cubism", "teal", "charcoal", "muted", "plain")
DISLIKES = ("mosaic", "red", "digital", "vivid", "rich")
KEYS = ("Art Styles", "Color", "Artistic Medium", "Saturation", "Detail")
A, B = (5, 4, 3, 5, 4), (1, 0, 2, 1, 0)


def profile(name: str, words: tuple[str, ...], keys: tuple[str, ...] = KEYS) -> str:
    told = ",\n".join(f'"{key}": "{word}"' for key, word in zip(keys, words, strict=True))
    return f"<visual {name} profile>\n{told}\n</visual {name} profile>\n\n"


def thought(
    a: tuple[object, ...] = A, b: tuple[object, ...] = B, keys: tuple[str, ...] = KEYS
) -> str:
    told = "\n\n".join(
        f"{n}. {key}: \nImage A({x}) - Image A has (2) tones; \nImage B({y}) - It does not."
        for n, (key, x, y) in enumerate(zip(keys, a, b, strict=True), start=1)
    )
    return f"<think>\n{told}\n\nTotal:\nImage A: total_score=99\nImage B: total_score=1\n</think>\n"


PROFILES = profile("preference", LIKES) + profile("non-preference", DISLIKES)
ANSWER = "\n<answer>Image A</answer>"
WHOLE = PROFILES + thought() + ANSWER
OURS = (
    "Likes art style: cubism; color: teal; medium: charcoal; saturation: muted; detail: plain.\n"
    "Dislikes art style: mosaic; color: red; medium: digital; saturation: vivid; detail: rich.\n"
    "A art style: cubism 5; color: azure 4; medium: oil painting 3; saturation: muted 5;"
    " detail: plain 4.\n"
    "B art style: mosaic 1; color: red 0; medium: any 2; saturation: vivid 1; detail: rich 0.\n"
    "<answer>Image A</answer>"
)
DIGITS_ALONE = re.sub(r": [a-z ]+(?= \d)", ":", OURS)


def spelled(*keys: str) -> str:
    sides = profile("preference", LIKES, keys) + profile("non-preference", DISLIKES, keys)
    return sides + thought(keys=keys) + ANSWER


def scored(form: str) -> str:
    """The scores in another notation, `{label}` and `{score}` filled in."""
    told = "\n".join(
        f"{key}:\n{form.format(label='A', score=x)}\n{form.format(label='B', score=y)}"
        for key, x, y in zip(KEYS, A, B, strict=True)
    )
    return f"{PROFILES}<think>\n{told}\n</think>{ANSWER}"


CAPITALS = WHOLE.replace("<answer>Image A</answer>", "<ANSWER>image a</ANSWER>")
WITHDRAWN = WHOLE.replace("<think>", "<answer>Image B</answer><think>")
WELL_FORMED = {
    "the published layout": WHOLE,
    "our own layout": OURS,
    "our own layout with digits alone": DIGITS_ALONE,
    "names in the singular": spelled("Art Style", "Color", "Art Medium", "Saturation", "Detail"),
    "names with an s in brackets": spelled(
        "Art Style(s)", "Color(s)", "Artistic Medium(s)", "Saturation", "Detail(s)"
    ),
    "names run together": spelled("ArtStyle", "Colour", "ArtisticMedium", "Saturation", "Details"),
    "names of other cases": spelled(
        "ARTISTIC STYLE", "color", "artistic medium", "SATURATION", "detail"
    ),
    "names with underscores": spelled("art_style", "color", "medium", "saturation", "detail"),
    "a profile on one line": PROFILES.replace(",\n", ", ") + thought() + ANSWER,
    "profiles without quotes": PROFILES.replace('"', "") + thought() + ANSWER,
    "emphasis": WHOLE.replace("1. Art Styles:", "**1. Art Styles:**").replace(
        "Image A(5)", "**Image A(5)**"
    ),
    "headings in Markdown": WHOLE.replace("1. Art", "### 1. Art").replace("2. Color:", "## Color"),
    "everything on one line": WHOLE.replace("\n", " "),
    "scores after a space": scored("Image {label} ({score}) - why"),
    "scores out of five": scored("Image {label}({score}/5) - why"),
    "scores after a colon": scored("Image {label}: {score}"),
    "scores in square brackets": scored("{label} [{score}]: why"),
    "scores that are called so": scored("- Image {label} - Score: {score}. Why"),
    "windows line ends": WHOLE.replace("\n", "\r\n"),
    "an answer with a stop": WHOLE.replace("Image A</answer>", " Image A.\n</answer>"),
    "an answer of one letter": WHOLE.replace("<answer>Image A", "<answer>A"),
    "an answer of other cases": CAPITALS,
    "an answer in a sentence": WHOLE.replace("<answer>", "<answer>The user prefers "),
    "an earlier answer that was withdrawn": WITHDRAWN,
    "a profile that was announced": "My preference profile follows.\n" + WHOLE,
    "blocks under each image": (
        PROFILES + "<think>\nImage A\n- Art Style: 5\n- Color: 4\n- Medium: 3\n- Saturation: 5\n"
        "- Detail: 4\n\nImage B\n- Art Style: 1\n- Color: 0\n- Medium: 2\n- Saturation: 1\n"
        "- Detail: 0\n</think>" + ANSWER
    ),
    "quotation marks around it all": f'"{WHOLE}"',
}  # fmt: skip


@pytest.mark.parametrize("told", WELL_FORMED)
def test_an_answer_is_read_however_it_is_spelled(told: str) -> None:
    read = read_comparison(WELL_FORMED[told])
    assert read.failures == ()
    assert read.choice == "A"
    assert [read.likes[e] for e in ELEMENTS] == [(word,) for word in LIKES]
    assert [read.dislikes[e] for e in ELEMENTS] == [(word,) for word in DISLIKES]
    assert [read.digits["A"][e] for e in ELEMENTS] == list(A)
    assert [read.digits["B"][e] for e in ELEMENTS] == list(B)


@dataclass(frozen=True)
class Bad:
    """An answer, what is counted, and what is still read of it."""

    answer: str
    failures: tuple[Failure, ...]
    choice: str | None = None
    finished: bool = True


CHINESE = profile("preference", ("立体主义", "青色", "木炭画", "柔和", "朴素"))
BAD = {
    "nothing": Bad("", (Failure.EMPTY,)),
    "only spaces": Bad(" \n\t", (Failure.EMPTY,)),
    "no answer": Bad(PROFILES + thought(), (Failure.NO_ANSWER,)),
    "an empty answer": Bad(
        PROFILES + thought() + "<answer></answer>", (Failure.UNCLEAR_ANSWER,)
    ),
    "both images": Bad(
        PROFILES + thought() + "<answer>Image A or Image B</answer>", (Failure.UNCLEAR_ANSWER,)
    ),
    "a third image": Bad(
        PROFILES + thought() + "<answer>Image C</answer>", (Failure.UNCLEAR_ANSWER,)
    ),
    "neither": Bad(PROFILES + thought() + "<answer>neither</answer>", (Failure.UNCLEAR_ANSWER,)),
    "no profiles": Bad(thought() + ANSWER, (Failure.NO_PROFILE,), "A"),
    "an empty profile": Bad(
        WHOLE.replace('"teal"', '""'), (Failure.NO_PROFILE,), "A"
    ),
    "a profile without an element": Bad(
        WHOLE.replace('"Saturation": "vivid",\n', ""), (Failure.NO_PROFILE,), "A"
    ),
    "only one profile": Bad(
        profile("preference", LIKES) + thought() + ANSWER, (Failure.NO_PROFILE,), "A"
    ),
    "a profile in another script": Bad(
        CHINESE + profile("non-preference", DISLIKES) + thought() + ANSWER,
        (Failure.OTHER_LANGUAGE,), "A",
    ),
    "a profile with names in another script": Bad(
        profile("preference", LIKES, ("艺术风格", "颜色", "艺术媒介", "饱和度", "细节层次描述文字"))
        .replace("cubism", "立体主义立体主义立体主义立体主义立体主义立体主义立体主义")
        .replace("charcoal", "木炭画木炭画木炭画木炭画木炭画木炭画")
        + profile("non-preference", DISLIKES) + thought() + ANSWER,
        (Failure.OTHER_LANGUAGE,), "A",
    ),
    "everything in another script": Bad(
        "Пользователь предпочитает первое изображение, потому что оно ближе.",
        (Failure.NO_ANSWER, Failure.OTHER_LANGUAGE, Failure.NO_SCORES),
    ),
    "no scores": Bad(PROFILES + ANSWER, (Failure.NO_SCORES,), "A"),
    "a missing score": Bad(
        WHOLE.replace("Image B(2) - ", "Image B - "), (Failure.NO_SCORES,), "A"
    ),
    "a score above five": Bad(
        PROFILES + thought(a=(7, 4, 3, 5, 4)) + ANSWER, (Failure.OUT_OF_RANGE,), "A"
    ),
    "a score below zero": Bad(
        PROFILES + thought(b=(-1, 0, 2, 1, 0)) + ANSWER, (Failure.OUT_OF_RANGE,), "A"
    ),
    "half a score": Bad(
        PROFILES + thought(a=(4.5, 4, 3, 5, 4)) + ANSWER, (Failure.OUT_OF_RANGE,), "A"
    ),
    "a score out of ten": Bad(
        PROFILES + thought(a=("8/10", 4, 3, 5, 4)) + ANSWER, (Failure.OUT_OF_RANGE,), "A"
    ),
    "our layout out of range": Bad(
        OURS.replace("style: cubism 5;", "style: cubism 50;"), (Failure.OUT_OF_RANGE,), "A"
    ),
    "our layout without an element that the next line has": Bad(
        OURS.replace("color: red; ", ""), (Failure.NO_PROFILE,), "A"
    ),
    "cut in the reasoning": Bad(WHOLE[: WHOLE.index("4. Saturation")], (Failure.CUT_OFF,)),
    "cut in the profile": Bad(WHOLE[:60], (Failure.CUT_OFF,), finished=False),
    "cut in the answer": Bad(WHOLE[:-5], (Failure.CUT_OFF,)),
    "cut before the answer": Bad(PROFILES + thought(), (Failure.CUT_OFF,), finished=False),
    "repeating itself for ever": Bad(
        WHOLE + "\n<answer>" * 300, (Failure.CUT_OFF,), "A", finished=False
    ),
    "a prediction instead": Bad(
        OURS[: OURS.index("\nA art")], (Failure.NO_ANSWER, Failure.NO_SCORES)
    ),
}  # fmt: skip


@pytest.mark.parametrize("told", BAD)
def test_what_is_wrong_is_named_and_not_guessed(told: str) -> None:
    bad = BAD[told]
    read = read_comparison(bad.answer, finished=bad.finished)
    assert read.failures == bad.failures
    assert read.choice == bad.choice


def test_totals_are_summed_anew() -> None:
    read = read_comparison(WHOLE)
    assert (read.total("A"), read.total("B")) == (21, 4)


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        (WHOLE, True),
        (WHOLE.replace("<answer>Image A", "<answer>Image B"), False),
        (PROFILES + thought(a=B) + ANSWER, None),
        (PROFILES + ANSWER, None),
        (PROFILES + thought(), None),
    ],
)
def test_a_choice_is_held_against_the_totals(answer: str, agrees: bool | None) -> None:
    assert read_comparison(answer).agrees_with_totals is agrees


def test_a_score_out_of_range_leaves_no_total() -> None:
    read = read_comparison(PROFILES + thought(a=(7, 4, 3, 5, 4)) + ANSWER)
    assert Element.ART_STYLE not in read.digits["A"]
    assert (read.total("A"), read.total("B")) == (None, 4)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["\n", " ", "1.", "Image A(", "<think>", "likes ", "A: ", "\n- "])
def test_a_long_answer_of_nonsense_is_read_in_no_time(piece: str) -> None:
    assert read_comparison(piece * 8_000).choice is None
