"""A taste is asked in several orders, and what most answers say is the taste."""

from collections.abc import Sequence

from PIL import Image

from shared.domain.taste import Element
from shared.vlm.order_ensemble import agreed, in_orders, predict_in_orders
from shared.vlm.protocol import PredictedTaste, References

PICTURES = tuple(Image.new("RGB", (4, 4), (level,) * 3) for level in range(0, 250, 25))
REFERENCES = References(PICTURES[:5], PICTURES[5:])


def _told(
    *words: str, disliked: tuple[str, ...] = (), problems: tuple[str, ...] = ()
) -> PredictedTaste:
    return PredictedTaste({Element.COLOR: words}, {Element.COLOR: disliked}, problems)


def test_orders_begin_with_the_one_sent_and_move_no_image_to_the_other_side() -> None:
    found = in_orders(REFERENCES, 4)
    assert found[0] == REFERENCES
    assert len({tuple(map(id, one.images)) for one in found}) == 4
    for one in found:
        assert set(map(id, one.liked)) == set(map(id, REFERENCES.liked))
        assert set(map(id, one.disliked)) == set(map(id, REFERENCES.disliked))
    assert in_orders(REFERENCES, 4) == found
    assert in_orders(References((), ()), 3) == [References((), ())] * 3


def test_a_word_that_most_answers_name_is_kept_and_a_slip_is_not() -> None:
    found = agreed([_told("teal", "rust"), _told("teal", "sand"), _told("rust", "teal")])
    assert found.likes[Element.COLOR] == ("teal", "rust")
    assert found.likes[Element.DETAIL] == ()


def test_where_no_word_has_most_the_commonest_answer_counts_and_the_first_of_equals() -> None:
    assert agreed([_told("a"), _told("b"), _told("c")]).likes[Element.COLOR] == ("a",)
    assert agreed([_told("a"), _told(), _told("b"), _told()]).likes[Element.COLOR] == ()


def test_problems_of_every_answer_are_told() -> None:
    assert agreed([_told("a"), _told("a", problems=("cut",))]).problems == ("cut",)


async def test_everybody_is_asked_in_every_order_at_once() -> None:
    calls: list[int] = []

    async def predict(asked: Sequence[References]) -> list[PredictedTaste]:
        calls.append(len(asked))
        return [_told(str(len(one.liked))) for one in asked]

    people = [REFERENCES, References(PICTURES[:2], PICTURES[5:6])]
    found = await predict_in_orders(predict, people, orders=3)
    assert calls == [6]
    assert [one.likes[Element.COLOR] for one in found] == [("5",), ("2",)]
    assert await predict_in_orders(predict, [], orders=3) == []
