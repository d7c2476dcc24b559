"""A training in a process of its own gets the element weights of the job."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from tests.fakes.scores import COLOR_FIRST
from training.job.train.trainer_processes import TrainingTask, default_config, train_in_process

PRINT_ARGUMENTS = """
import json, sys
print(json.dumps({"adapter": "a", "version": json.dumps(sys.argv[1:]), "steps": 1}))
"""


@pytest.mark.parametrize("weights", [COLOR_FIRST, EQUAL_WEIGHTS])
def test_a_training_gets_the_element_weights_also_when_they_are_equal(
    tmp_path: Path, weights: ElementWeights
) -> None:
    script = tmp_path / "print_arguments.py"
    script.write_text(PRINT_ARGUMENTS)
    task = TrainingTask(
        "sft", default_config("sft"), tmp_path / "run", tmp_path, tmp_path / "champion",
        tmp_path / "x.jsonl", 1.0, weights,
    )  # fmt: skip
    done = train_in_process(task, say=lambda line: None, python=(sys.executable, str(script)))
    arguments = json.loads(done.version)
    value = arguments[arguments.index("--element-weights") + 1]
    assert ElementWeights.model_validate_json(value) == weights


def test_a_training_gets_the_pixel_limits_of_serving(tmp_path: Path) -> None:
    script = tmp_path / "print_arguments.py"
    script.write_text(PRINT_ARGUMENTS)
    task = TrainingTask(
        "sft", default_config("sft"), tmp_path / "run", tmp_path, None, tmp_path / "x.jsonl", 1.0,
        pixel_limits=PixelLimits(784, 7_840),
    )  # fmt: skip
    python = (sys.executable, str(script))
    arguments = json.loads(train_in_process(task, say=lambda line: None, python=python).version)
    assert arguments[-4:] == ["--max-pixels", "7840", "--min-pixels", "784"]


def test_where_a_server_serves_only_the_language_model_is_trained(tmp_path: Path) -> None:
    script = tmp_path / "print_arguments.py"
    script.write_text(PRINT_ARGUMENTS)
    in_process = TrainingTask(
        "sft", default_config("sft"), tmp_path / "run", tmp_path, None, tmp_path / "x.jsonl", 1.0
    )
    at_server = replace(in_process, language_model_only=True)
    python = (sys.executable, str(script))
    both = [
        json.loads(train_in_process(task, say=lambda line: None, python=python).version)
        for task in (in_process, at_server)
    ]
    assert "--layers" not in both[0]
    assert both[1][-2:] == ["--layers", "language_model"]


def test_a_training_gets_the_prompts_of_the_job_where_no_manifest_names_them(
    tmp_path: Path,
) -> None:
    script = tmp_path / "print_arguments.py"
    script.write_text(PRINT_ARGUMENTS)
    named = TrainingTask(
        "sft", default_config("sft"), tmp_path / "run", tmp_path, None, tmp_path / "x.jsonl", 1.0
    )
    unnamed = replace(
        named, prompt_style="preferthinker", prompt_template=tmp_path / "official.txt"
    )
    python = (sys.executable, str(script))
    by_manifest, by_job = (
        json.loads(train_in_process(task, say=lambda line: None, python=python).version)
        for task in (named, unnamed)
    )
    assert "--prompt-style" not in by_manifest
    assert by_job[-4:] == [
        "--prompt-style", "preferthinker", "--prompt-template", str(tmp_path / "official.txt"),
    ]  # fmt: skip
