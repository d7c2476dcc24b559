"""A blind test is answered by a file of names, and bad files and folders have clear messages."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from services.cli.program.app import app
from services.cli.study.answers import Answers, BadAnswers, read_answers, take
from services.cli.study.dashboard import MAX_PICTURES, MIN_PICTURES, small_picture
from services.ops.study.result import export
from services.ops.study.study import MAX_PICTURES as MAX_OF_SERVICE
from services.ops.study.study import MAX_URI_CHARACTERS
from services.ops.study.study import MIN_PICTURES as MIN_OF_SERVICE
from tests.unit.services.ops.study.test_blind_test import finished

NAMES = [f"{number}.png" for number in range(20)]
ANSWERS = Answers(like=tuple(NAMES[:5]), dislike=tuple(NAMES[5:10]), prefer=tuple(NAMES[10:]))


class FakeStudy:
    """A test whose pictures have the ids `id of NAME` and whose pairs are neighbors."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}
        self.chosen: list[str] = []
        self.is_predicted = False

    def state(self) -> dict[str, Any]:
        number = len(self.chosen)
        pair = {"left": NAMES[11 + number], "right": NAMES[10 + number]}
        step = "compare" if number < 3 and self.is_predicted else "result"
        pictures = {f"id of {name}": name for name in NAMES}
        return {"step": step, "pictures": pictures, "number": number, "pair": pair}

    def mark(self, picture: str, side: str) -> None:
        self.marks[picture] = side

    def predict(self) -> None:
        self.is_predicted = True

    def choose(self, number: int, side: str) -> None:
        assert number == len(self.chosen)
        self.chosen.append(side)

    def export(self) -> dict[str, Any]:
        return {"kind": "exported"}


def run(answers: Answers, study: FakeStudy) -> dict[str, Any]:
    return take(study, answers, on_progress=lambda step: None)  # type: ignore[arg-type]


def test_marks_and_choices_follow_the_file() -> None:
    study = FakeStudy()
    assert run(ANSWERS, study) == {"kind": "exported"}
    assert study.marks["id of 0.png"] == "liked"
    assert study.marks["id of 5.png"] == "disliked"
    assert len(study.marks) == 10
    assert study.chosen == ["right"] * 3  # the first of `prefer` is the better one


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (ANSWERS.model_copy(update={"like": ("gone.png",)}), "gone.png is not a picture"),
        (ANSWERS.model_copy(update={"prefer": ()}), "is in none of like, dislike and prefer"),
    ],
)
def test_names_must_be_those_of_the_test(answers: Answers, message: str) -> None:
    study = FakeStudy()
    with pytest.raises(BadAnswers, match=message):
        run(answers, study)
    assert not study.marks


def test_a_file_with_a_wrong_field_is_named(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"like": [], "dislike": [], "best": []}))
    with pytest.raises(BadAnswers, match="prefer"):
        read_answers(file)


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, list(arguments))
    return result.exit_code, " ".join(result.output.split())


def test_an_exported_test_is_checked(tmp_path: Path) -> None:
    content = export(finished())
    file = tmp_path / "blind-test.json"
    file.write_text(json.dumps(content))
    code, output = invoke("study", "--check", str(file))
    assert code == 0
    assert "the predictions are those of the hash" in output
    content["commitment"]["nonce"] = "1" * 32
    file.write_text(json.dumps(content))
    code, output = invoke("study", "--check", str(file))
    assert code == 1
    assert "not those of the hash" in output


def test_a_folder_with_too_few_pictures_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "only.png")
    code, output = invoke("study", str(tmp_path))
    assert code == 1
    assert "has 1 pictures; 20 are needed" in output


def test_an_export_needs_answers() -> None:
    code, output = invoke("study", "--export", "result.json")
    assert code == 2
    assert "--export needs --answers" in output


def test_the_limits_are_those_of_the_service(tmp_path: Path) -> None:
    assert (MIN_PICTURES, MAX_PICTURES) == (MIN_OF_SERVICE, MAX_OF_SERVICE)
    noise = Image.effect_noise((1024, 1024), 90).convert("RGB")
    noise.save(tmp_path / "noise.png")
    assert len(small_picture(tmp_path / "noise.png")) < MAX_URI_CHARACTERS
