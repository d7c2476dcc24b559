"""Wrong arguments of `evaluate` and `bench` give exit code 2 and a message, before any work."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.program.app import app


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, list(arguments))
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "--bench"),
        (
            ["evaluate", "--bench", "nowhere"],
            "nowhere is neither a simulated benchmark (prefersim,",
        ),
        (["evaluate", "--bench", "x.json", "--protocol", "both"], "'both'"),
        (["evaluate", "--bench", "x.json", "--limit", "0"], "--limit"),
        (["evaluate", "--bench", "x.json", "--model", "nowhere"], "nowhere is not a folder"),
        (["evaluate", "--bench", "x.json", "--prompt-template", "x"], "--protocol pair"),
        (
            ["evaluate", "--bench", "x", "--protocol", "pair", "--prompt-template", "gone.txt"],
            "gone.txt cannot be used as a prompt template",
        ),
        (["bench", "kettle"], "kettle is not a benchmark; choose one of model"),
    ],
)
def test_the_message_names_the_wrong_argument(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = run(*arguments)
    assert code == 2
    assert message in output


def test_a_template_without_a_placeholder_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a long path would be broken into lines
    Path("mine.txt").write_text("{liked} {image_a} {image_b}")
    code, output = run(
        "evaluate", "--bench", "x", "--protocol", "pair", "--prompt-template", "mine.txt"
    )
    assert code == 2
    reason = "mine.txt cannot be used as a prompt template: it must contain {liked}, {disliked}"
    assert reason in output


@pytest.mark.parametrize("verb", ["evaluate", "bench"])
def test_help_has_an_example(verb: str) -> None:
    code, output = run(verb, "--help")
    assert code == 0
    assert f"Example: preferstream {verb}" in output
