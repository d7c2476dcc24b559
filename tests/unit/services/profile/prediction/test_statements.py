"""A statement that feedback on feeds overrules is noted in the history of the profile."""

from collections.abc import Sequence
from datetime import timedelta

from services.profile.prediction.statements import (
    stated_taste,
    with_changes,
    with_stated_words,
)
from services.profile.prediction.vote_weights import GroupPrediction
from shared.domain.taste import Element, Taste
from shared.events.types.feedback import Action
from shared.events.types.taste_change import MAX_HISTORY, TasteChange
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Reference, StatedTaste
from shared.vlm.protocol import PredictedTaste
from tests.unit.services.profile.sample_references import NOON, described_reference


def color(liked: Sequence[str], disliked: Sequence[str] = ()) -> PredictedTaste:
    return PredictedTaste({Element.COLOR: tuple(liked)}, {Element.COLOR: tuple(disliked)})


def taste(liked: Sequence[str], disliked: Sequence[str] = ()) -> Taste:
    return taste_by_vote([color(liked, disliked)])


def references(shown: str, action: Action, count: int) -> list[Reference]:
    return [described_reference(shown, action, number=n, day=1) for n in range(count)]


STATED = references("blue", "reference_like", 5)
LIKED = references("teal", "like", 6)
CLICKED = references("teal", "click", 1)


def changes(
    current: Taste, *, history: Sequence[TasteChange] = (), minutes: int = 0
) -> tuple[TasteChange, ...]:
    return with_changes(
        history,
        stated=taste(["blue"], ["red"]),
        current=current,
        references=[*STATED, *LIKED, *CLICKED, *references("gold", "like", 2)],
        at=NOON + timedelta(minutes=minutes),
    )


def test_a_replaced_statement_is_noted_with_its_evidence() -> None:
    (entry,) = changes(taste(["teal"], ["red"]))
    assert (entry.kind, entry.side, entry.element) == ("overruled", "preference", Element.COLOR)
    assert (entry.stated, entry.words, entry.at) == (("blue",), ("teal",), NOON)
    assert (entry.statements, entry.feedback) == (5, {"like": 6, "click": 1})
    assert entry.sentence == "liked color: teal instead of stated blue (6 likes, 1 click)"


def test_a_statement_that_still_holds_is_no_change() -> None:
    assert changes(taste(["blue"], ["red"])) == ()
    assert changes(taste(["teal", "Blue"], ["reds"])) == ()


def test_a_lost_statement_is_noted_with_all_feedback() -> None:
    (entry,) = changes(taste(["blue"]))
    assert (entry.side, entry.stated, entry.words) == ("non_preference", ("red",), ())
    assert entry.feedback == {"like": 8, "click": 1}
    assert entry.sentence.startswith("disliked color: unknown instead of stated red")


def test_the_same_change_is_noted_once_and_another_one_again() -> None:
    first = changes(taste(["teal"], ["red"]))
    assert changes(taste(["teal"], ["red"]), history=first, minutes=1) == first
    second = changes(taste(["gold"], ["red"]), history=first, minutes=2)
    assert [entry.words for entry in second] == [("teal",), ("gold",)]


def test_the_end_of_a_change_is_noted_once() -> None:
    first = changes(taste(["teal"], ["red"]))
    second = changes(taste(["blue"], ["red"]), history=first, minutes=1)
    assert [entry.kind for entry in second] == ["overruled", "restored"]
    assert second[-1].sentence == "liked color: blue again, as stated"
    assert changes(taste(["blue"], ["red"]), history=second, minutes=2) == second


def test_the_history_is_bounded() -> None:
    history: tuple[TasteChange, ...] = ()
    for minute in range(MAX_HISTORY + 5):
        word = "teal" if minute % 2 else "gold"
        history = changes(taste([word], ["red"]), history=history, minutes=minute)
    assert len(history) == MAX_HISTORY


def test_without_statements_there_is_no_change() -> None:
    no_change = with_changes((), stated=None, current=taste(["teal"]), references=LIKED, at=NOON)
    assert no_change == ()


def group(liked: Sequence[Reference], predicted: PredictedTaste) -> GroupPrediction:
    return GroupPrediction(liked, (), predicted)


def stated(
    groups: Sequence[GroupPrediction], known: StatedTaste | None = None, *, model: str = "m"
) -> StatedTaste | None:
    return stated_taste(groups, taste=taste(["all"]), model_version=model, known=known)


def test_the_predicted_taste_is_the_stated_one_while_all_references_are_stated() -> None:
    first = stated([group(STATED, color(["blue"]))])
    assert first is not None
    assert first.taste == taste(["all"])
    later = [group([*STATED[:4], *CLICKED], color(["teal"]))]
    assert stated([group(STATED, color(["x"])), group(LIKED, color(["teal"]))], first) == first
    assert stated(later, first) != first


def test_the_stated_references_vote_again_when_they_or_the_model_change() -> None:
    first = stated([group(STATED, color(["blue"]))])
    groups = [group(STATED, color(["azure"])), group(LIKED, color(["teal"]))]
    again = stated(groups, first, model="m2")
    assert again is not None
    assert [word.word for word in again.taste.preference.color] == ["azure"]


def test_feedback_alone_states_nothing() -> None:
    assert stated([group(LIKED, color(["teal"]))]) is None


def of_color(current: Taste, side: str = "preference") -> list[str]:
    return [word.word for word in getattr(current, side).color]


def test_votes_of_feedback_do_not_outvote_a_stated_word() -> None:
    likes = [color([word]) for word in ("teal", "teal", "gold", "gold", "blue")]
    voted = taste_by_vote([*likes, color([], ["red"])])
    assert of_color(voted) == ["gold", "teal", "blue"]
    stated_blue = StatedTaste(taste=taste(["blue"]), model_version="m", content_hashes=frozenset())
    kept = with_stated_words(voted, stated_blue, [*STATED, *LIKED])
    assert of_color(kept) == ["blue", "gold", "teal"]
    assert of_color(kept, "non_preference") == ["red"]


def test_votes_of_feedback_do_not_move_a_stated_word_to_the_other_side() -> None:
    voted = taste(["teal"], ["blue", "red"])
    stated_blue = StatedTaste(taste=taste(["blue"]), model_version="m", content_hashes=frozenset())
    kept = with_stated_words(voted, stated_blue, [*STATED, *LIKED])
    assert of_color(kept) == ["blue", "teal"]
    assert of_color(kept, "non_preference") == ["red"]


def test_a_stated_word_that_is_shown_keeps_its_place() -> None:
    voted = taste(["teal"])
    both = taste_by_vote([color(["blue"]), color(["blue"]), color(["teal"])])
    stated_blue = StatedTaste(taste=taste(["blue"]), model_version="m", content_hashes=frozenset())
    assert with_stated_words(both, stated_blue, [*STATED, *LIKED]) == both
    assert with_stated_words(voted, stated_blue, STATED) == voted
    assert with_stated_words(voted, None, LIKED) == voted


def test_one_stated_reference_is_outvoted() -> None:
    stated_blue = StatedTaste(taste=taste(["blue"]), model_version="m", content_hashes=frozenset())
    voted = taste(["teal"])
    assert with_stated_words(voted, stated_blue, [*STATED[:1], *LIKED]) == voted
    assert of_color(with_stated_words(voted, stated_blue, [*STATED[:2], *LIKED])) == [
        "blue",
        "teal",
    ]
