"""A request's candidates are sorted into those to rank and those refused, each with its reason."""

from services.assessor.steps.loading import slate, wanted
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Candidate
from tests.fakes.images import drawn
from tests.unit.services.assessor.users import candidates, request


def test_all_candidates_are_wanted_in_the_order_sent() -> None:
    found, repeated = wanted(request("red", "blue", "green"))
    assert [c.image_id for c in found] == ["red", "blue", "green"]
    assert repeated == []


def test_an_id_sent_twice_is_wanted_once_and_the_first_one_counts() -> None:
    twice = (
        Candidate(image_id="a", uri="drawing:red"),
        Candidate(image_id="b", uri="drawing:blue"),
        Candidate(image_id="a", uri="drawing:green"),
        Candidate(image_id="a", uri="drawing:red"),
    )
    found, repeated = wanted(request(candidates=twice))
    assert [(c.image_id, c.uri) for c in found] == [("a", "drawing:red"), ("b", "drawing:blue")]
    assert [r.image_id for r in repeated] == ["a", "a"]
    assert all(r.reason.startswith("duplicate_image_id: ") for r in repeated)


def test_the_same_image_under_two_ids_is_wanted_twice() -> None:
    both = (
        Candidate(image_id="a", uri="drawing:red"),
        Candidate(image_id="b", uri="drawing:red"),
    )
    found, repeated = wanted(request(candidates=both))
    assert ([c.image_id for c in found], repeated) == (["a", "b"], [])


def test_excluded_ids_are_neither_wanted_nor_refused() -> None:
    asked = request("red", "blue", "green", exclude_ids=("blue", "never-sent"))
    found, repeated = wanted(asked)
    assert ([c.image_id for c in found], repeated) == (["red", "green"], [])


def test_an_excluded_id_sent_twice_is_no_duplicate() -> None:
    assert wanted(request("red", "red", exclude_ids=("red",))) == ([], [])


def test_a_refused_image_is_listed_with_its_reason_and_the_rest_is_ranked() -> None:
    broken = Unprocessable("not_an_image", "b.png is text")
    away = Unavailable("https", "c.png did not arrive within 4 s")
    found = slate(candidates("red", "blue", "green"), [drawn("drawing:red"), broken, away], [])
    assert [entry.image_id for entry in found.entries] == ["red"]
    assert {r.image_id: r.reason for r in found.rejected} == {
        "blue": "not_an_image: b.png is text",
        "green": "not_available: c.png did not arrive within 4 s",
    }


def test_a_very_long_reason_still_fits_into_the_event() -> None:
    endless = Unprocessable("not_an_image", "x" * 10_000)
    found = slate(candidates("red"), [endless], [])
    assert len(found.rejected[0].reason) == 4_000
