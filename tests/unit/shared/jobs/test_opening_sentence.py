"""Every outcome of a training job has one sentence that says what changed and what to do."""

from typing import get_args

import pytest

from shared.jobs.opening_sentence import Gain, opening_sentence
from shared.jobs.result_codes import GateCode, JobCode, JobVerdict

GAIN = Gain(0.031, 0.012, 0.05)


@pytest.mark.parametrize("code", get_args(JobCode))
@pytest.mark.parametrize("verdict", [*get_args(JobVerdict), "won"])
@pytest.mark.parametrize("version", ["", "nano-2"])
def test_every_outcome_has_one_whole_sentence(
    verdict: JobVerdict, code: JobCode, version: str
) -> None:
    sentence = opening_sentence(verdict, code, version=version, gain=GAIN if version else None)
    assert sentence.startswith("The model ")
    assert sentence.endswith(".")
    assert ". " not in sentence.replace("3.1", "").replace("95 %", "")
    assert ";" in sentence, "the last part says what to do"
    assert len(sentence) < 340


def test_a_promotion_says_which_model_serves_and_how_sure_it_is() -> None:
    sentence = opening_sentence("promoted", "better", version="nano-2", gain=GAIN)
    assert sentence.startswith("The model changed: nano-2 serves all users now")
    assert "+3.1 points (95 % interval +1.2 to +5.0)" in sentence


@pytest.mark.parametrize("code", [c for c in get_args(GateCode) if c not in ("better", "crash")])
def test_a_judged_model_that_is_kept_has_its_own_sentence(code: GateCode) -> None:
    gain = Gain(0.01, -0.02, 0.04)
    sentence = opening_sentence("kept", code, version="nano-2", gain=gain)
    assert sentence.startswith("The model did not change, because ")
    if code != "too_little_data":
        assert "+1.0 points" in sentence
    others = {c for c in get_args(GateCode) if c not in (code, "better", "crash")}
    assert sentence not in {
        opening_sentence("kept", c, version="nano-2", gain=gain) for c in others
    }


def test_a_job_without_a_judged_model_does_not_claim_to_know_it() -> None:
    sentence = opening_sentence("kept", "no_time")
    assert "nothing is known about a new one" in sentence
    assert "more minutes" in sentence
    assert "PREFERSTREAM_EXPLORE_SHARE" not in opening_sentence("kept", "no_signal", version="n")
