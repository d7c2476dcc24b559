"""The weights of the linear query come from a file, or are the shipped ones."""

from pathlib import Path

import pytest

from shared.domain.weights.retrieval_weights import (
    SHIPPED,
    BadWeightsFile,
    RetrievalWeights,
    read_retrieval_weights,
)


def test_weights_are_read_back(tmp_path: Path) -> None:
    weights = RetrievalWeights(color=3, subject=7)
    path = tmp_path / "weights.json"
    path.write_text(weights.model_dump_json())
    assert read_retrieval_weights(path) == weights
    assert read_retrieval_weights(None) == SHIPPED


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read"),
        ("", "file: Invalid JSON"),
        ('{"color": -1}', "color: Input should be greater than or equal to 0"),
        ('{"colour": 1}', "colour: Extra inputs"),
        (RetrievalWeights(**dict.fromkeys(RetrievalWeights.model_fields, 0.0)).model_dump_json(),
         "every weight is 0"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_names_the_remedy(
    tmp_path: Path, content: str | None, problem: str
) -> None:
    path = tmp_path / "weights.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadWeightsFile, match=problem) as error:
        read_retrieval_weights(path)
    assert "preferstream catalog fit" in str(error.value)
