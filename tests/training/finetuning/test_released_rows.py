"""Training reads the rows that the paper released: its training files and PreferImg-Bench."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL.Image import new

from shared.domain.taste import Element
from shared.prompting import parser, prompt
from tests.training.finetuning import tiny_runs
from training.finetuning.data.case_files import BadCases, read_cases, read_examples, true_words
from training.finetuning.data.line_sources import BadRows
from training.finetuning.data.released_attributes import parse_attributes
from training.finetuning.data.rows import grpo_rows
from training.finetuning.grpo.train import all_cases, vocabulary
from training.finetuning.run.config import Data
from training.finetuning.sft.train import all_examples

LIKES = {
    "Art Styles": "Ukiyo-e", "Color": "Sepia", "Artistic Medium": "Woodcut",
    "Saturation": "Faded", "Detail": "Sparse",
}  # fmt: skip
DISLIKES = (
    "Art Styles: Baroque, Color: Neon, Artistic Medium: Photograph, Saturation: Garish,"
    " Detail: Ornamental"
)
IN_WORDS = {
    Element.ART_STYLE: ("ukiyo-e",), Element.COLOR: ("sepia",), Element.MEDIUM: ("woodcut",),
    Element.SATURATION: ("faded",), Element.DETAIL: ("sparse",),
}  # fmt: skip
NAMES = ("a", "b", "l0", "l1", "l2", "l3", "l4", "l5", "d0", "d1")
THOUGHT = """<visual preference profile> Art Styles: ukiyo-e </visual preference profile>
<think>
1. Art Style: Image A(4) - close; Image B(1) - far
2. Color: Image A(5) - sepia; Image B(0) - neon
3. Artistic Medium: Image A(3) - near; Image B(2) - no
4. Saturation: Image A(4) - faded; Image B(1) - garish
5. Detail: Image A(5) - sparse; Image B(2) - busy
</think>
<answer>Image A</answer>"""


def row(**changes: Any) -> dict[str, Any]:
    return {
        "user_id": "u1",
        "imageA": "a.png",
        "imageB": "b.png",
        "prefered_images": [f"l{n}.png" for n in range(6)],
        "non_prefered_images": ["d0.png", "d1.png"],
        "conversations": [
            {"from": "human", "value": "Which of Image A and Image B does this person prefer?"},
            {"from": "gpt", "value": "<answer>Image B</answer>"},
        ],
        "prefer_attributes": LIKES,
        "non_prefer_attributes": DISLIKES,
        "reference_prompt_list": ["a harbor"],
    } | changes


def write_rows(folder: Path, *rows: Any, images: str = "images") -> Path:
    (folder / images).mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES):
        new("RGB", (8, 8), (number, 0, 0)).save(folder / images / f"{name}.png")
    file = folder / "train.jsonl"
    lines = (line if isinstance(line, str) else json.dumps(line) for line in rows)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def red(image: Any) -> int:
    value: int = image.getpixel((0, 0))[0]
    return value


def test_a_released_row_is_a_case_with_its_true_profile(tmp_path: Path) -> None:
    (case,) = read_cases(write_rows(tmp_path, row()), most=10)
    assert (red(case.pair.better), red(case.pair.worse)) == (1, 0)
    assert case.references is not None
    assert [red(image) for image in case.references.liked] == [2, 3, 4, 5, 6], "five of six"
    assert [red(image) for image in case.references.disliked] == [8, 9]
    assert case.truth is not None
    assert case.truth.likes == IN_WORDS
    assert case.truth.dislikes[Element.MEDIUM] == ("photograph",)
    assert case.profile == case.truth
    rows = list(grpo_rows([case, case], ("score",), lambda image: image, seed=1))
    assert [
        parser.parse_taste(row["prompt"][0]["content"][0]["text"]).problems for row in rows
    ] == [()] * 4


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (LIKES, IN_WORDS),
        (json.dumps(LIKES), IN_WORDS),
        (str(LIKES), IN_WORDS),
        (
            "<visual preference profile>\nArt Style: ukiyo-e\nColour: sepia\nArt Medium: woodcut\n"
            "Saturation: faded\nDetails: sparse\n</visual preference profile>",
            IN_WORDS,
        ),
        ("ArtisticMedium: Oil Painting; art_style: Cubism or Mosaic.", {
            Element.ART_STYLE: ("cubism", "mosaic"), Element.MEDIUM: ("oil painting",)}),
        ({"color": ["Red", "Blue"], "Detail": "n/a"}, {Element.COLOR: ("red", "blue")}),
        ([{"Color": "Red"}, {"Color": "Blue, Red"}], {Element.COLOR: ("red", "blue")}),
        ({"profile 1": {"Color": "Red"}, "profile 2": {"Color": "Blue"}},
         {Element.COLOR: ("red", "blue")}),
        (None, {}), ("", {}), ({}, {}),
    ],
)  # fmt: skip
def test_attributes_are_read_in_every_form(value: Any, words: dict[Element, Any]) -> None:
    assert parse_attributes(value) == words


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("vivid things", "names none of the five elements"),
        ({"mood": "calm"}, "names none of the five elements"),
        ({"Color": 3}, "words of an element are text, not 3"),
        (7, "a dictionary or a text, not 7"),
        ({"Color": "whatever feels right on the day and does not hurt the reader's eyes"},
         "no word for color"),
    ],
)  # fmt: skip
def test_attributes_that_cannot_be_read_are_named(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_attributes(value)


def test_a_released_row_gives_a_prediction_and_scores_where_the_answer_has_them(
    tmp_path: Path,
) -> None:
    thought = row(conversations=[{"value": "Which?"}, {"value": THOUGHT}])
    file = write_rows(tmp_path, row(), thought)
    predict, again, score_a, score_b = read_examples(file, most=10)
    read = parser.parse_taste(predict.answer)
    assert (read.preference, read.problems) == (IN_WORDS, ())
    assert [red(image) for image in predict.images] == [2, 3, 4, 5, 6, 8, 9]
    assert again.answer == predict.answer
    assert [red(image) for image in (*score_a.images, *score_b.images)] == [0, 1]
    digits = [parser.parse_scores(example.answer).digits for example in (score_a, score_b)]
    assert [[scores[e] for e in Element] for scores in digits] == [[4, 5, 3, 4, 5], [1, 0, 2, 1, 2]]


def test_a_row_without_attributes_gives_the_comparison_of_its_candidates(tmp_path: Path) -> None:
    bench = row(conversations=[{"from": "gpt", "value": "Image B"}])
    del bench["prefer_attributes"], bench["non_prefer_attributes"]
    file = write_rows(tmp_path, bench)
    (case,) = read_cases(file, most=1)
    assert (case.truth, case.profile, red(case.pair.better)) == (None, None, 1)
    (example,) = read_examples(file, most=1)
    assert tiny_runs.conversations([example]) == [
        (str(prompt.pair(liked=5, disliked=2).messages()), "<answer>Image B</answer>")
    ]
    rows = list(grpo_rows([case, case], ("predict", "score", "explain"), lambda i: i, seed=1))
    assert [row["task"] for row in rows] == ["predict", "predict"], "the tasks that a case allows"


def test_attributes_of_one_side_are_a_profile_and_no_truth(tmp_path: Path) -> None:
    file = write_rows(tmp_path, row(non_prefer_attributes=None))
    (case,) = read_cases(file, most=1)
    assert case.truth is None
    assert case.profile is not None
    assert (case.profile.likes, case.profile.dislikes) == (IN_WORDS, {})
    (example,) = read_examples(file, most=1)
    assert example.answer == "<answer>Image B</answer>", "no prediction without dislikes"


def test_a_folder_of_preferimg_bench_and_a_json_list_are_read(tmp_path: Path) -> None:
    for name in ("TEST_SP_ID", "TEST_MP_OD"):
        folder = tmp_path / "data" / name
        file = write_rows(folder)
        file.unlink()
        (folder / f"{name}.json").write_text(json.dumps([row(), row()]))
    assert len(list(read_cases(tmp_path, most=10))) == 4
    assert len(list(read_cases(tmp_path, most=3))) == 3
    one_set = tmp_path / "data" / "TEST_SP_ID" / "TEST_SP_ID.json"
    assert len(list(read_cases((one_set, tmp_path), most=10))) == 6


def test_the_images_can_be_in_another_folder(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "rows", row(), images="../elsewhere")
    with pytest.raises(BadCases, match=r"train\.jsonl, line 1: .*l0\.png cannot be read"):
        list(read_cases(file, most=1))
    assert len(list(read_cases(file, most=1, images=tmp_path / "elsewhere"))) == 1
    with pytest.raises(BadCases, match="is no folder"):
        list(read_cases(file, most=1, images=tmp_path / "nowhere"))
    with pytest.raises(BadCases, match="names 2 folders for 1 sources"):
        list(read_cases(file, most=1, images=(tmp_path, tmp_path)))


BAD: list[tuple[Any, str]] = [
    ({"conversations": [{"value": "hello"}]}, "line 1: it has no imageA"),
    (row(imageB=3), "line 1: imageB: "),
    (row(imageA="missing.png"), "line 1: .*missing.png cannot be read: No such file"),
    (row(imageA="../secret.png"), "line 1: ../secret.png is not in"),
    (row(imageA="/etc/passwd"), "line 1: /etc/passwd is not in"),
    (row(conversations=[]), "line 1: conversations: "),
    (row(conversations=[{"value": "Image C"}]), "line 1: conversations names no preferred image"),
    (row(prefer_attributes="nothing of use"), "line 1: prefer_attributes: .*none of the five"),
    ("[1, 2", "is not JSON"),
    ("{}\n{", "line 1 has no 'better'"),
    ('"a text"', "line 1: it is a str, not an object"),
]


@pytest.mark.parametrize(("bad", "message"), BAD)
def test_the_error_of_a_bad_row_names_its_line_and_the_reason(
    bad: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadCases, match=message):
        list(read_cases(write_rows(tmp_path, bad), most=10))


def test_bad_rows_are_counted_and_skipped_with_their_reasons(tmp_path: Path) -> None:
    file = write_rows(
        tmp_path, row(), row(imageA="missing.png"), "{", row(imageB=3), row(), {"liked": []}
    )
    bad_rows = BadRows(skip=True)
    assert len(list(read_cases(file, most=10, bad_rows=bad_rows))) == 2
    assert bad_rows.counts == {
        "unreadable file": 1,
        "with a wrong value": 2,
        "with a missing field": 1,
    }
    assert "4 rows are skipped" in bad_rows.summary
    assert "line 2" in bad_rows.summary
    with pytest.raises(BadCases, match=r"no row can be used\. 1 rows are skipped"):
        list(read_cases(write_rows(tmp_path, "{"), most=10, bad_rows=BadRows(skip=True)))


def test_the_words_of_released_profiles_are_the_words_of_the_floors(tmp_path: Path) -> None:
    words = true_words(write_rows(tmp_path, row(), row(prefer_attributes={"Color": "Teal"})))
    assert words[Element.COLOR] == {"sepia", "neon", "teal"}
    assert words[Element.MEDIUM] == {"woodcut", "photograph"}


def test_both_trainings_read_the_files_and_the_images_of_their_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "base"
    file = write_rows(tmp_path / "rows", row(), "{", row(), images="../pictures")
    data = Data(source=file, images=tmp_path / "pictures", bad_rows="skip")
    sft = tiny_runs.sft_config(base, tmp_path / "sft").model_copy(update={"data": data})
    grpo = tiny_runs.grpo_config(base, tmp_path / "grpo").model_copy(update={"data": data})
    assert len(list(all_examples(sft))) == 2
    assert "1 rows are skipped: 1 with a wrong value" in capsys.readouterr().err
    assert len(list(all_cases(grpo))) == 2
    assert "line 2: it is not JSON" in capsys.readouterr().err
    assert {"sepia", "neon"} <= set(vocabulary(grpo)[Element.COLOR])
    refusing = sft.model_copy(update={"data": data.model_copy(update={"bad_rows": "refuse"})})
    with pytest.raises(BadCases, match="line 2: it is not JSON"):
        list(all_examples(refusing))
    two = Data(source=(file, file), images=(tmp_path / "pictures",), bad_rows="skip")
    assert len(list(all_cases(grpo.model_copy(update={"data": two})))) == 4
