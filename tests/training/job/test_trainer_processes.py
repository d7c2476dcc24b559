"""A training in a process of its own is told what the night has found out."""

import json
import sys
from pathlib import Path

import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from training.job.train.trainer_processes import Task, default_config, train_apart

COLOR_FIRST = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
SAYS_ITS_ARGUMENTS = """
import json, sys
print(json.dumps({"adapter": "a", "version": json.dumps(sys.argv[1:]), "steps": 1}))
"""


@pytest.mark.parametrize("weights", [COLOR_FIRST, EQUAL_WEIGHTS])
def test_a_training_hears_what_elements_count_also_where_they_count_alike_again(
    tmp_path: Path, weights: ElementWeights
) -> None:
    script = tmp_path / "says.py"
    script.write_text(SAYS_ITS_ARGUMENTS)
    task = Task(
        "sft", default_config("sft"), tmp_path / "run", tmp_path, tmp_path / "champion",
        tmp_path / "x.jsonl", 1.0, weights,
    )  # fmt: skip
    done = train_apart(task, say=lambda line: None, python=(sys.executable, str(script)))
    told = json.loads(done.version)
    assert ElementWeights.model_validate_json(told[told.index("--element-weights") + 1]) == weights
