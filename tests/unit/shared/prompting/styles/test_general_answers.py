"""Answers of instruction-tuned models in the layouts that they write: JSON, prose, faults."""

import json
import time

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.styles.general.answers import (
    parse_description,
    parse_digits,
    parse_rationales,
    parse_taste,
)
from shared.prompting.styles.general.json_answer import (
    MAX_THOUGHTS,
    thoughts,
    without_thoughts,
)

LIKES = {
    "art_style": ["impressionism"],
    "color": ["blue", "teal"],
    "medium": ["oil painting"],
    "saturation": ["muted"],
    "detail": [],
    "subject": ["harbor"],
}
DISLIKES = {
    "art_style": ["pop art"],
    "color": ["neon pink"],
    "medium": [],
    "saturation": ["vivid"],
    "detail": ["intricate"],
    "subject": [],
}
JSON = json.dumps({"likes": LIKES, "dislikes": DISLIKES})
PRETTY = json.dumps({"likes": LIKES, "dislikes": DISLIKES}, indent=2)
WANTED = (
    {
        Element.ART_STYLE: ("impressionism",),
        Element.COLOR: ("blue", "teal"),
        Element.MEDIUM: ("oil painting",),
        Element.SATURATION: ("muted",),
        Element.DETAIL: (),
    },
    {
        Element.ART_STYLE: ("pop art",),
        Element.COLOR: ("neon pink",),
        Element.MEDIUM: (),
        Element.SATURATION: ("vivid",),
        Element.DETAIL: ("intricate",),
    },
)
LAYOUT = '{"likes": {"art_style": [...]}, "dislikes": {...}}'
COMPLETE = {
    "json": JSON,
    "indented": PRETTY,
    "fenced": f"```json\n{PRETTY}\n```",
    "prose_first": f"Looking at both groups, I can see a clear pattern {{as shown}}.\n\n{PRETTY}",
    "prose_after": f"{PRETTY}\n\nLet me know if you want more detail!",
    "thinking": f"<think>The liked ones look like {LAYOUT}. Blue dominates.</think>\n{JSON}",
    "thought_opened_in_prompt": f"Blue dominates the liked ones.\n</think>\n\n{JSON}",
    "layout_repeated": f"Layout: {LAYOUT}\nAnswer: {JSON}",
    "wrapped": json.dumps({"visual_taste": {"likes": LIKES, "dislikes": DISLIKES}}),
    "other_names": json.dumps({"Liked": LIKES, "Non-Preference Profile": DISLIKES}),
    "british": PRETTY.replace('"color"', '"Colour"').replace("art_style", "Art Style"),
    "longer_names": PRETTY.replace('"color"', '"color_palette"').replace(
        '"detail"', '"level of detail"'
    ),
    "single_quotes": str({"likes": LIKES, "dislikes": DISLIKES}),
    "trailing_commas": PRETTY.replace("\n  }", ",\n  }"),
    "curly_quotes": PRETTY.replace('"likes"', "\u201clikes\u201d"),
    "capitals": PRETTY.replace("impressionism", "Impressionism.").replace("blue", " Blue "),
}


@pytest.mark.parametrize("kind", COMPLETE)
def test_a_complete_answer_in_any_layout_gives_both_sides(kind: str) -> None:
    parsed = parse_taste(COMPLETE[kind])
    assert (dict(parsed.preference), dict(parsed.non_preference)) == WANTED
    assert not parsed.problems


def test_texts_in_place_of_lists_are_split() -> None:
    side = {"art_style": "impressionism", "color": "blue or teal", "medium": "oil painting",
            "saturation": "muted", "detail": "unknown"}  # fmt: skip
    parsed = parse_taste(json.dumps({"likes": side, "dislikes": {**side, "color": None}}))
    assert dict(parsed.preference) == WANTED[0]
    assert parsed.problems == ("no word for color in the dislikes",)


TEXT = """**Likes:**
- **Art Style:** Impressionism
- **Colour:** Blue, teal
- **Medium:** Oil painting (visible strokes)
- **Saturation:** Muted
- **Detail:** Unclear

**Dislikes:**
1. Art style: Pop art
2. Color: Neon pink
3. Medium: N/A
4. Saturation: Vivid
5. Detail: Intricate
"""


def test_a_list_without_json_is_parsed() -> None:
    parsed = parse_taste(TEXT)
    assert parsed.preference[Element.COLOR] == ("blue", "teal")
    assert parsed.preference[Element.MEDIUM] == ("oil painting",)
    assert parsed.non_preference[Element.ART_STYLE] == ("pop art",)
    assert parsed.non_preference[Element.MEDIUM] == ()
    assert not parsed.problems


@pytest.mark.parametrize("cut", range(20, len(JSON), 9))
def test_an_answer_that_is_cut_off_keeps_what_is_complete(cut: int) -> None:
    parsed = parse_taste(JSON[:cut])
    for side, wanted in zip((parsed.preference, parsed.non_preference), WANTED, strict=True):
        for element, words in side.items():
            assert words == wanted[element][: len(words)], "no half word is kept"
    if 120 < cut < 280:
        assert parsed.preference[Element.ART_STYLE] == ("impressionism",)
        assert parsed.problems


FAULTS = {
    "": "the answer is empty",
    "  \n": "the answer is empty",
    "<think>They like blue, but": "the answer ends within the chain of thought",
    "I'm sorry, but I can't help with that.": "the model declined to answer",
    "I cannot identify people in images.": "the model declined to answer",
    "\u9019\u4e9b\u5716\u50cf\u662f\u85cd\u8272\u7684": "the answer is in another script",
}


@pytest.mark.parametrize("answer", FAULTS)
def test_an_answer_without_content_has_one_reason(answer: str) -> None:
    for problems in (
        parse_taste(answer).problems,
        parse_description(answer).problems,
        parse_digits(answer).problems,
        parse_rationales(answer, dict.fromkeys(ELEMENTS, 3)).problems,
    ):
        assert problems == (FAULTS[answer],)


STRANGE = [
    "null", "[]", "{}", '{"likes": 5}', "{" * 5000, "[" * 5000, '{"a":' * 3000, "42", '"likes"',
    "likes", "{}" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("answer", STRANGE, ids=range(len(STRANGE)))
def test_any_other_answer_names_every_missing_word_quickly(answer: str) -> None:
    start = time.process_time()
    parsed = parse_taste(answer)
    assert time.process_time() - start < 5
    assert not any(parsed.preference.values())
    assert len(parsed.problems) == 2 * len(ELEMENTS)


def test_a_word_in_another_script_or_as_a_sentence_is_left_out() -> None:
    words = {**LIKES, "color": ["\u85cd\u8272"], "medium": ["a picture that somebody painted " * 4]}
    parsed = parse_description(json.dumps(words))
    assert Element.COLOR not in parsed.words
    assert Element.MEDIUM not in parsed.words
    assert parsed.problems == (
        "a word for color of the description is in another script",
        "a word for medium of the description is too long",
    )


DIGITS = {
    "34251": (3, 4, 2, 5, 1),
    " 34251\n": (3, 4, 2, 5, 1),
    "The scores are 34251.": (3, 4, 2, 5, 1),
    "3 4 2 5 1": (3, 4, 2, 5, 1),
    "3, 4, 2, 5, 1": (3, 4, 2, 5, 1),
    '{"art_style": 3, "color": 4, "medium": 2, "saturation": 5, "detail": 1}': (3, 4, 2, 5, 1),
    '{"Art Style": "3/5", "Colour": "four", "medium": {"score": 2}, "saturation": 5.0,'
    ' "detail": "1"}': (3, 4, 2, 5, 1),
    "Art style: 3\nColor: 4\nMedium: 2\nSaturation: 5\nDetail: 1\nTotal: 15": (3, 4, 2, 5, 1),
    "- **Art Style**: 3/5 - fits\n- **Colour**: 4 out of 5\n- **Medium**: two\n"
    "- **Saturation**: 5/5\n- **Detail**: 1": (3, 4, 2, 5, 1),
    "Art style is three, color is four, medium is two, saturation is five and detail is one.": (
        3, 4, 2, 5, 1,
    ),
    "<think>Maybe 11111?</think>34251": (3, 4, 2, 5, 1),
}  # fmt: skip


@pytest.mark.parametrize("answer", DIGITS)
def test_digits_are_read_in_each_layout(answer: str) -> None:
    parsed = parse_digits(answer)
    assert tuple(parsed.by_element.get(e) for e in ELEMENTS) == DIGITS[answer]
    assert not parsed.problems


@pytest.mark.parametrize("answer", ["37251", "3425", "342512", "Color: 8/10", "color: 4.5", "good"])
def test_a_number_on_another_scale_is_not_taken_for_a_score(answer: str) -> None:
    parsed = parse_digits(answer)
    assert not parsed.by_element
    assert len(parsed.problems) == len(ELEMENTS)


def test_rationales_are_kept_in_the_models_own_words() -> None:
    texts = {
        "art_style": "Loose brushwork, which this person likes.",
        "color": "The reds clash with the preference for blue.",
        "medium": "It looks like an oil painting.",
        "saturation": "\u8272\u5f69\u5f88\u9bae\u8277",
        "detail": "word " * 80,
    }
    digits = {
        Element.ART_STYLE: 5, Element.COLOR: 5, Element.MEDIUM: 0, Element.SATURATION: 1,
        Element.DETAIL: 3,
    }  # fmt: skip
    parsed = parse_rationales(f"Sure!\n```json\n{json.dumps(texts)}\n```", digits)
    assert parsed.by_element == {
        Element.ART_STYLE: "Loose brushwork, which this person likes.",
        Element.MEDIUM: "It looks like an oil painting.",
    }
    assert parsed.problems == (
        "the rationale for color does not agree with its score",
        "the rationale for saturation is in another script",
        "the rationale for detail is too long",
    )


def test_the_thoughts_are_kept_apart_from_the_answer() -> None:
    answer = "<think>Blue dominates.</think>\n34251"
    assert (thoughts(answer), without_thoughts(answer).strip()) == ("Blue dominates.", "34251")
    assert thoughts("34251") == ""
    assert thoughts("<think>Blue") == "Blue"


RED = '{"likes": {"color": ["red"]}}'


@pytest.mark.parametrize(
    "answer",
    [
        f"\n<think>I see red.</think>\n\n{RED}",
        f"I see red.</think>{RED}",
        f"<think>I see red.</think>{RED}<think>And",
        f"{RED}\n<think>I see red.</think>\n",
        f"{RED}\n<think>I see red.",
        "I see red.</think>",
    ],
    ids=["line break first", "no opening", "more after", "last", "cut off", "no answer"],
)
def test_the_thoughts_never_contain_the_answer(answer: str) -> None:
    assert thoughts(answer) == "I see red."


def test_half_an_emoji_in_json_is_removed() -> None:
    answer = r'{"likes": {"color": ["\ud83d red"], "\udc00medium": "ink"}}'
    words = parse_taste(answer).preference
    assert (words[Element.COLOR], words[Element.MEDIUM]) == (("red",), ("ink",))
    whole = parse_description(r'{"subject": ["boat \u26f5 \ud83d\ude00"]}')
    assert whole.subject == ("boat \u26f5 \U0001f600",)
    deep = '{"likes": ' + "[" * 700 + r'"\ud83d"' + "]" * 700 + "}"
    assert not parse_taste(deep).preference


def test_a_taste_keeps_the_thoughts_cut_and_without_control_characters() -> None:
    assert parse_taste(f"<think>Blue\x00 <b>dominates</b>.\nYes.</think>{JSON}").thoughts == (
        "Blue <b>dominates</b>.\nYes."
    )
    assert parse_taste(JSON).thoughts == ""
    long = parse_taste(f"<think>{'blue ' * 5000}</think>{JSON}").thoughts
    assert len(long) == MAX_THOUGHTS
    assert long.endswith("\u2026")


SUBJECTS = {
    "json": (json.dumps(LIKES), ("harbor",)),
    "other_key": (json.dumps({**LIKES, "subject": [], "Subject Matter": "boats, sea"}), ()),
    "text": ("- **Color:** blue\n- **Subject:** a harbor, boats", ("a harbor", "boats")),
    "unknown": (json.dumps({**LIKES, "subject": ["unknown"]}), ()),
    "missing": (json.dumps({"color": ["blue"]}), ()),
    "sentence": (json.dumps({**LIKES, "subject": "a long sentence about it " * 9}), ()),
    "another_script": (json.dumps({**LIKES, "subject": ["\u6e2f\u53e3"]}), ()),
}


@pytest.mark.parametrize("case", SUBJECTS)
def test_a_description_names_the_subject_where_it_is_usable(case: str) -> None:
    answer, subject = SUBJECTS[case]
    parsed = parse_description(answer)
    assert parsed.subject == subject
    assert not [problem for problem in parsed.problems if "subject" in problem]
