"""What a user chose and passed over in feeds moves the share of the subject, within limits."""

import numpy as np
import pytest

from shared.domain.weights.feed_choices import ShownImages, share_by_choices


def shown(*, share: float, count: int, seed: int = 4, first_by: str = "chance") -> ShownImages:
    """Images of which a user who goes by the subject with `share` chooses the better ones.

    `first_by`: the score by which the ranking showed the best third of more images.
    """
    rng = np.random.default_rng(seed)
    look, subject = rng.uniform(0, 5, (2, 3 * count))
    order = {"chance": rng.random(3 * count), "subject": -subject, "look": -look}[first_by]
    first = np.argsort(order)[:count]
    total = (1 - share) * look[first] + share * subject[first]
    is_chosen = rng.random(count) < 1 / (1 + np.exp(-3 * (total - total.mean())))
    return ShownImages(look[first], subject[first], is_chosen)


@pytest.mark.parametrize("start", [0.2, 0.8])
def test_choices_move_the_share_to_what_the_user_goes_by(start: float) -> None:
    by_subject = share_by_choices(start, shown(share=0.95, count=60))
    by_look = share_by_choices(start, shown(share=0.05, count=60))
    assert by_look < 0.4 < 0.6 < by_subject


@pytest.mark.parametrize("ranked_by", ["subject", "look"])
def test_what_the_ranking_showed_first_does_not_confirm_itself(ranked_by: str) -> None:
    shares = {
        share: np.mean(
            [
                share_by_choices(0.4, shown(share=share, count=40, seed=seed, first_by=ranked_by))
                for seed in range(20)
            ]
        )
        for share in (0.1, 0.9)
    }
    assert shares[0.1] < 0.4 < shares[0.9]


def test_more_choices_move_it_further() -> None:
    few, some, many = (
        np.mean([share_by_choices(0.3, shown(share=1, count=n, seed=s)) for s in range(20)])
        for n in (4, 16, 64)
    )
    assert 0.3 < few < some < many


@pytest.mark.parametrize("is_chosen", [True, False])
def test_images_of_one_kind_leave_the_share(is_chosen: bool) -> None:
    scores = np.linspace(0, 5, 7)
    assert share_by_choices(0.7, ShownImages(scores, scores[::-1], np.full(7, is_chosen))) == 0.7
    nothing = ShownImages(np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
    assert share_by_choices(0.7, nothing) == 0.7


@pytest.mark.parametrize(("start", "mean"), [(0.2, 0.3), (0.5, 0.5), (0.95, 0.88)])
def test_scores_that_do_not_differ_give_the_mean_of_the_prior(start: float, mean: float) -> None:
    same = ShownImages(np.full(20, 2.0), np.full(20, 4.0), np.arange(20) < 10)
    assert share_by_choices(start, same) == pytest.approx(mean, abs=0.01)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_the_ends_of_the_scale_give_a_share_between_0_and_1(start: float) -> None:
    moved = share_by_choices(start, shown(share=0.5, count=30))
    assert 0 < moved < 1
    assert abs(moved - start) < 0.6


def test_one_wrong_click_among_many_right_ones_decides_nothing() -> None:
    right = shown(share=1.0, count=60)
    look = np.append(right.look, 5.0)
    subject = np.append(right.subject, 0.0)
    wrong = ShownImages(look, subject, np.append(right.is_chosen, True))
    assert share_by_choices(0.5, wrong) > share_by_choices(0.5, right) - 0.1
