"""Wrong use of `evaluate` and `bench` ends with 2 and a sentence, before anything is computed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app


def told(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, list(arguments))
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate"], "--bench"),
        (["evaluate", "--bench", "nowhere"], "nowhere is neither a benchmark of ours (prefersim,"),
        (["evaluate", "--bench", "x.json", "--protocol", "both"], "'both'"),
        (["evaluate", "--bench", "x.json", "--limit", "0"], "--limit"),
        (["evaluate", "--bench", "x.json", "--model", "nowhere"], "nowhere is no folder"),
        (["evaluate", "--bench", "x.json", "--prompt-template", "x"], "--protocol pair"),
        (
            ["evaluate", "--bench", "x", "--protocol", "pair", "--prompt-template", "gone.txt"],
            "gone.txt cannot be used as a prompt template",
        ),
        (["bench", "kettle"], "kettle is no benchmark; there are model"),
    ],
)
def test_wrong_use_is_named(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = told(*arguments)
    assert code == 2
    assert said in output


def test_a_template_without_a_placeholder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a long path would be broken into lines
    Path("mine.txt").write_text("{liked} {image_a} {image_b}")
    code, output = told(
        "evaluate", "--bench", "x", "--protocol", "pair", "--prompt-template", "mine.txt"
    )
    assert code == 2
    assert (
        "mine.txt cannot be used as a prompt template: it must hold {liked}, {disliked}" in output
    )


@pytest.mark.parametrize("verb", ["evaluate", "bench"])
def test_help_has_an_example(verb: str) -> None:
    code, output = told(verb, "--help")
    assert code == 0
    assert f"Example: preferstream {verb}" in output
