"""Training methods are read from a text, a setting or a request, and wrong ones are named."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.retrain.jobs.settings import JobSettings
from shared.jobs.training_methods import BadMethods, Method, parse_methods
from shared.settings import InvalidSettings, from_environment


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("sft", ("sft",)),
        ("sft,grpo", ("sft", "grpo")),
        ("dpo, sft", ("dpo", "sft")),
        ("sft:dpo:grpo", ("sft", "dpo", "grpo")),
    ],
)
def test_methods_keep_their_order(text: str, methods: Sequence[Method]) -> None:
    assert parse_methods(text) == methods


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sft,ppo", "'ppo' is not a training method; name one or several of sft, grpo, dpo"),
        ("", "'' is not a training method"),
        ("grpo,sft,grpo", "'grpo' is named twice"),
    ],
)
def test_wrong_methods_are_an_error_that_says_what_is_right(text: str, message: str) -> None:
    with pytest.raises(BadMethods, match=message):
        parse_methods(text)


def test_the_setting_is_read_with_commas_or_colons(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_environment(JobSettings).training_methods == ("sft", "grpo")
    for text in ("sft,dpo", "sft:dpo"):
        monkeypatch.setenv("PREFERSTREAM_TRAINING_METHODS", text)
        assert from_environment(JobSettings).training_methods == ("sft", "dpo")
    monkeypatch.setenv("PREFERSTREAM_TRAINING_METHODS", "sft,ppo")
    with pytest.raises(InvalidSettings, match="'ppo' is not a training method"):
        from_environment(JobSettings)


def test_no_method_at_all_is_an_error() -> None:
    with pytest.raises(ValidationError, match="no training method"):
        JobSettings(training_methods=())
