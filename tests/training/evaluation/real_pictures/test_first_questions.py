"""The first pictures for a new user are compared by the ranking that their marks give."""

import numpy as np

from training.evaluation.real_pictures.first_questions import POOL, auc_of_user


def test_pictures_that_the_encoder_finds_telling_show_more_of_what_a_user_likes() -> None:
    rng = np.random.default_rng(2)
    # One of ten sets is most of the pictures, as in a folder of one journey.
    sets = np.repeat(np.arange(10), [300, *[20] * 9])
    centers = rng.normal(size=(10, 30))
    encoded = centers[sets] + rng.normal(0, 0.3, (len(sets), 30))
    encoded /= np.linalg.norm(encoded, axis=1, keepdims=True)
    noise = rng.normal(size=(len(sets), 5))
    assert len(sets) > POOL
    by_choice: dict[str, list[float]] = {}
    for number in range(40):
        aucs = auc_of_user(encoded, noise, sets, rng=np.random.default_rng(number))
        assert all(0 <= auc <= 1 for auc in aucs.values())
        for choice, auc in aucs.items():
            by_choice.setdefault(choice, []).append(auc)
    means = {choice: float(np.mean(values)) for choice, values in by_choice.items()}
    assert means["most telling by the encoder"] > means["random"] + 0.1
    assert abs(means["most telling by what is seen"] - means["random"]) < 0.1
