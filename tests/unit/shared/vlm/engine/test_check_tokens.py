"""A tokenizer of another model is refused at the start with a clear message."""

from pathlib import Path

import pytest

from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_tokens

FOLDER = Path("somewhere")


def test_files_of_one_model_are_accepted() -> None:
    check_tokens(FOLDER, tokens=100, rows=128, image_token=5, expected_image_token=5)


@pytest.mark.parametrize(
    ("tokens", "image_token", "message"),
    [
        (129, 5, "has 129 tokens and the model 128"),
        (100, 6, "the token 6 and config.json 5"),
        (100, None, "the token None and config.json 5"),
    ],
)
def test_files_of_two_models_are_refused(tokens: int, image_token: int, message: str) -> None:
    with pytest.raises(BadCheckpoint) as error:
        check_tokens(
            FOLDER, tokens=tokens, rows=128, image_token=image_token, expected_image_token=5
        )
    assert message in str(error.value)
    assert "do not belong together" in " ".join(str(error.value).split())
