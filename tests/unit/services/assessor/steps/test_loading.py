"""A request's candidates are loaded once each, and every rejected image has its reason."""

from services.assessor.steps.loading import candidates_to_load, separate
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Candidate
from tests.fakes.images import plain_image
from tests.unit.services.assessor.users import candidates, request


def test_all_candidates_are_loaded_in_the_order_of_the_request() -> None:
    to_load, duplicates = candidates_to_load(request("red", "blue", "green"))
    assert [c.image_id for c in to_load] == ["red", "blue", "green"]
    assert duplicates == []


def test_the_first_candidate_with_an_id_is_loaded_and_the_others_are_duplicates() -> None:
    twice = (
        Candidate(image_id="a", uri="drawing:red"),
        Candidate(image_id="b", uri="drawing:blue"),
        Candidate(image_id="a", uri="drawing:green"),
        Candidate(image_id="a", uri="drawing:red"),
    )
    to_load, duplicates = candidates_to_load(request(candidates=twice))
    assert [(c.image_id, c.uri) for c in to_load] == [("a", "drawing:red"), ("b", "drawing:blue")]
    assert [r.image_id for r in duplicates] == ["a", "a"]
    assert all(r.reason.startswith("duplicate_image_id: ") for r in duplicates)


def test_the_same_image_under_two_ids_is_loaded_for_both() -> None:
    both = (
        Candidate(image_id="a", uri="drawing:red"),
        Candidate(image_id="b", uri="drawing:red"),
    )
    to_load, duplicates = candidates_to_load(request(candidates=both))
    assert ([c.image_id for c in to_load], duplicates) == (["a", "b"], [])


def test_excluded_ids_are_neither_loaded_nor_rejected() -> None:
    event = request("red", "blue", "green", exclude_ids=("blue", "never-sent"))
    to_load, duplicates = candidates_to_load(event)
    assert ([c.image_id for c in to_load], duplicates) == (["red", "green"], [])


def test_an_excluded_id_that_is_sent_twice_is_no_duplicate() -> None:
    assert candidates_to_load(request("red", "red", exclude_ids=("red",))) == ([], [])


def test_an_image_that_fails_to_load_is_rejected_with_its_reason() -> None:
    broken = Unprocessable("not_an_image", "b.png is text")
    away = Unavailable("https", "c.png did not arrive within 4 s")
    loaded, rejected = separate(
        candidates("red", "blue", "green"), [plain_image("drawing:red"), broken, away]
    )
    assert [candidate.image_id for candidate in loaded] == ["red"]
    assert {r.image_id: r.reason for r in rejected} == {
        "blue": "not_an_image: b.png is text",
        "green": "not_available: c.png did not arrive within 4 s",
    }


def test_a_very_long_reason_is_cut_to_the_limit_of_the_event() -> None:
    endless = Unprocessable("not_an_image", "x" * 10_000)
    _, rejected = separate(candidates("red"), [endless])
    assert len(rejected[0].reason) == 4_000
