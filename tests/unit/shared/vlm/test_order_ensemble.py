"""A taste is predicted from several orders, and the majority of the predictions is kept."""

from collections.abc import Sequence

from PIL import Image

from shared.domain.taste import Element
from shared.vlm.order_ensemble import majority_taste, predict_with_order_ensemble, shuffled_orders
from shared.vlm.protocol import PredictedTaste, References

IMAGES = tuple(Image.new("RGB", (4, 4), (level,) * 3) for level in range(0, 250, 25))
REFERENCES = References(IMAGES[:5], IMAGES[5:])


def _predicted(
    *words: str, disliked: tuple[str, ...] = (), problems: tuple[str, ...] = ()
) -> PredictedTaste:
    return PredictedTaste({Element.COLOR: words}, {Element.COLOR: disliked}, problems)


def test_the_first_order_is_the_given_one_and_no_image_changes_its_side() -> None:
    orders = shuffled_orders(REFERENCES, 4)
    assert orders[0] == REFERENCES
    assert len({tuple(map(id, order.images)) for order in orders}) == 4
    for order in orders:
        assert set(map(id, order.liked)) == set(map(id, REFERENCES.liked))
        assert set(map(id, order.disliked)) == set(map(id, REFERENCES.disliked))
    assert shuffled_orders(REFERENCES, 4) == orders
    assert shuffled_orders(References((), ()), 3) == [References((), ())] * 3


def test_a_word_of_most_predictions_is_kept_and_a_word_of_one_is_not() -> None:
    taste = majority_taste(
        [_predicted("teal", "rust"), _predicted("teal", "sand"), _predicted("rust", "teal")]
    )
    assert taste.preference[Element.COLOR] == ("teal", "rust")
    assert taste.preference[Element.DETAIL] == ()


def test_without_a_majority_word_the_most_frequent_or_first_prediction_counts() -> None:
    assert majority_taste([_predicted("a"), _predicted("b"), _predicted("c")]).preference[
        Element.COLOR
    ] == ("a",)
    assert (
        majority_taste([_predicted("a"), _predicted(), _predicted("b"), _predicted()]).preference[
            Element.COLOR
        ]
        == ()
    )


def test_problems_of_every_prediction_are_kept() -> None:
    assert majority_taste([_predicted("a"), _predicted("a", problems=("cut",))]).problems == (
        "cut",
    )


async def test_all_orders_of_all_users_are_predicted_in_one_call() -> None:
    calls: list[int] = []

    async def predict(references: Sequence[References]) -> list[PredictedTaste]:
        calls.append(len(references))
        return [_predicted(str(len(user.liked))) for user in references]

    users = [REFERENCES, References(IMAGES[:2], IMAGES[5:6])]
    tastes = await predict_with_order_ensemble(predict, users, orders=3)
    assert calls == [6]
    assert [taste.preference[Element.COLOR] for taste in tastes] == [("5",), ("2",)]
    assert await predict_with_order_ensemble(predict, [], orders=3) == []
