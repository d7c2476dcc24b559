"""The learning rate falls to zero over the last share of a run's steps or time."""

from types import SimpleNamespace

import pytest

from training.finetuning.run.decay import DecayCallback, decayed


@pytest.mark.parametrize(
    ("done", "share", "expected"),
    [(0, 0.4, 1), (0.6, 0.4, 1), (0.8, 0.4, 0.5), (1, 0.4, 0), (1.2, 0.4, 0), (0.9, 0, 1)],
)  # fmt: skip
def test_the_factor_is_one_until_the_last_share(done: float, share: float, expected: float) -> None:
    assert decayed(done, share) == pytest.approx(expected)


def rate(*, step: int, spent: float, budget: float | None, share: float = 0.4) -> float:
    """The rate of the optimizer at a step of 100, where the scheduler says .001."""
    group = {"lr": 0.5}
    callback = DecayCallback(share, budget=budget, spent=lambda: spent)
    callback.on_step_begin(
        None, SimpleNamespace(global_step=step, max_steps=100), None,
        optimizer=SimpleNamespace(param_groups=[group]),
        lr_scheduler=SimpleNamespace(get_last_lr=lambda: [0.001]),
    )  # fmt: skip
    return group["lr"]


def test_whichever_ends_first_decides() -> None:
    assert rate(step=80, spent=10, budget=None) == pytest.approx(0.0005)
    assert rate(step=10, spent=80, budget=100) == pytest.approx(0.0005)
    assert rate(step=10, spent=1000, budget=None) == pytest.approx(0.001)
    assert rate(step=80, spent=90, budget=100) == pytest.approx(0.00025)


def test_a_share_of_zero_keeps_the_schedulers_rate() -> None:
    assert rate(step=99, spent=99, budget=100, share=0) == pytest.approx(0.001)
