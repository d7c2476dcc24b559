"""A blind test fixes its predictions before the first pair, and counts them afterwards."""

import json
import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.ops.study.commitment import Commitment, Ranker, Side, forecasts
from services.ops.study.pairs import PAIRS, Pair, draw_pairs
from services.ops.study.result import check_export, export, shares
from services.ops.study.studies import KEPT_FOR, Studies
from services.ops.study.study import MARKS, MIN_PICTURES, Study, StudyError
from tests.unit.services.ops.site import NOW

IDS = [f"picture-{number}" for number in range(12)]


def study(pictures: int = MIN_PICTURES) -> Study:
    new = Study("default", NOW, is_own=True)
    for number in range(pictures):
        new.add(f"data:image/png;base64,{number}", f"holiday {number}.png")
    return new


def marked() -> Study:
    new = study()
    for number, picture_id in enumerate(list(new.pictures)[:MARKS]):
        new.mark(picture_id, "liked" if number % 2 else "disliked")
    return new


def commitment(pairs: list[Pair], scores: dict[Ranker, dict[str, float]]) -> Commitment:
    return Commitment(committed_at=NOW, nonce="0" * 32, seed=1, pairs=forecasts(pairs, scores))


def finished(values: dict[str, float] | None = None) -> Study:
    """A person who always prefers the left picture, and a system that predicts by `values`."""
    new = marked()
    pairs = draw_pairs(new.unmarked(), rng=random.Random(1))
    own = values or {pair.left: 1.0 for pair in pairs}
    new.commitment = commitment(pairs, {"system": own, "popularity": {}})
    for number in range(PAIRS):
        new.choose(number, "left")
    return new


@pytest.mark.parametrize("pictures", [10, 11, 40])
def test_thirty_different_pairs_show_each_picture_about_equally_often(pictures: int) -> None:
    ids = [str(number) for number in range(pictures)]
    pairs = draw_pairs(ids, rng=random.Random(5))
    assert len({frozenset((pair.left, pair.right)) for pair in pairs}) == PAIRS
    shown = Counter(name for pair in pairs for name in (pair.left, pair.right))
    counts = [shown[name] for name in ids]
    assert max(counts) - min(counts) <= 2


def test_each_side_is_drawn_equally_often() -> None:
    first = Counter(
        pair.left < pair.right
        for seed in range(100)
        for pair in draw_pairs(IDS, rng=random.Random(seed))
    )
    assert abs(first[True] / first.total() - 0.5) < 0.04


def test_pairs_need_ten_pictures() -> None:
    with pytest.raises(ValueError, match="10 are needed"):
        draw_pairs(IDS[:9], rng=random.Random(0))


def test_the_higher_score_is_expected_and_a_tie_is_no_prediction() -> None:
    (first, second) = forecasts(
        [Pair("a", "b"), Pair("b", "c")], {"system": {"a": 2, "b": 1, "c": 1}}
    )
    assert first.predictions == {"system": "left"}
    assert second.predictions == {"system": None}


def test_any_change_of_a_prediction_changes_the_hash() -> None:
    pairs = draw_pairs(IDS, rng=random.Random(2))
    scores: dict[Ranker, dict[str, float]] = {"system": {name: n for n, name in enumerate(IDS)}}
    fixed = commitment(pairs, scores)
    again = Commitment.model_validate_json(fixed.model_dump_json())
    assert again.sha256() == fixed.sha256()
    changed = commitment(pairs, {"system": {**scores["system"], IDS[0]: 99}})
    other_nonce = fixed.model_copy(update={"nonce": "1" * 32})
    assert len({fixed.sha256(), changed.sha256(), other_nonce.sha256()}) == 3


def test_marks_are_ten_with_three_of_each_side() -> None:
    new = study()
    ids = list(new.pictures)
    assert new.missing() == "Mark 10 more."
    for picture_id in ids[:MARKS]:
        new.mark(picture_id, "liked")
    assert new.missing() == "Dislike at least 3 pictures."
    with pytest.raises(StudyError, match="10 pictures are marked"):
        new.mark(ids[MARKS], "disliked")
    for picture_id in ids[:3]:
        new.mark(picture_id, "disliked")
    assert new.missing() is None
    new.mark(ids[0], None)
    assert new.missing() == "Mark 1 more."
    new.marks_are_sent = True
    with pytest.raises(StudyError, match="can no longer change"):
        new.mark(ids[0], "liked")


def test_too_few_pictures_are_named() -> None:
    assert study(7).missing() == "This test has 7 pictures; 20 are needed. Add 13 more."


def test_equal_pictures_count_once_and_ids_differ_between_tests() -> None:
    first, second = study(3), study(3)
    first.add("data:image/png;base64,0", "a copy")
    assert len(first.pictures) == 3
    assert not first.pictures.keys() & second.pictures.keys()


def test_a_choice_is_kept_once_and_in_order() -> None:
    new = marked()
    with pytest.raises(StudyError, match="not drawn yet"):
        new.choose(0, "left")
    pairs = draw_pairs(new.unmarked(), rng=random.Random(1))
    new.commitment = commitment(pairs, {"system": {}})
    new.choose(0, "left")
    new.choose(0, "right")  # a repeated request, for example after a reload
    assert new.choices == ["left"]
    with pytest.raises(StudyError, match="reload"):
        new.choose(2, "left")
    assert new.step == "compare"


def test_shares_count_a_tie_as_one_half_and_have_wilson_intervals() -> None:
    pairs = [Pair("a", "b"), Pair("a", "c"), Pair("b", "c"), Pair("c", "d")]
    fixed = commitment(pairs, {"system": {"a": 3, "b": 2, "c": 1}, "popularity": {}})
    choices: list[Side] = ["left", "left", "right", "left"]
    system, popularity, chance = shares(fixed, choices)
    assert (system.foreseen, system.without_prediction) == (0.75, 0)
    assert system.low == pytest.approx(0.3006, abs=1e-3)
    assert (popularity.foreseen, popularity.without_prediction) == (0.5, 4)
    assert (chance.ranker, chance.foreseen) == ("chance", 0.5)


def test_an_export_has_no_picture_address_or_name_and_can_be_checked() -> None:
    new = finished()
    content = json.loads(json.dumps(export(new)))
    text = json.dumps(content)
    assert "data:" not in text
    assert "holiday" not in text
    assert new.token not in text
    assert check_export(content) is None
    assert content["results"]["system"]["pairs"] == PAIRS


def _other_side(content: dict[str, Any]) -> None:
    content["commitment"]["pairs"][0]["predictions"]["system"] = "right"


def _better_share(content: dict[str, Any]) -> None:
    content["results"]["system"]["foreseen"] = 0.01


def _fewer_choices(content: dict[str, Any]) -> None:
    content["choices"].pop()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_other_side, "not those of the hash"),
        (_better_share, "the share of Preferstream"),
        (_fewer_choices, "one choice for each pair"),
        (dict.clear, "not an exported blind test"),
    ],
)
def test_a_changed_export_is_not_trusted(change: Any, reason: str) -> None:
    content = json.loads(json.dumps(export(finished())))
    change(content)
    assert reason in (check_export(content) or "")


def test_an_unfinished_test_has_no_export() -> None:
    with pytest.raises(ValueError, match="not finished"):
        export(marked())


def test_tests_in_memory_are_few_and_end() -> None:
    kept = Studies(size=2)
    first, second, third = study(1), study(1), study(1)
    assert kept.add(first, now=NOW) == []
    assert kept.add(second, now=NOW) == []
    assert kept.get(first.token) is first  # used last, so the second one is replaced
    assert kept.add(third, now=NOW) == [second]
    assert kept.get(second.token) is None
    later = NOW + KEPT_FOR + timedelta(seconds=1)
    fresh = Study("default", later, is_own=False)
    assert kept.add(fresh, now=later) == [first, third]
    assert all(a.token != b.token for a, b in pairwise([first, second, third, fresh]))
