"""User pages: the list, one user's profile, corrections, export and erasure."""

import re
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from services.ops.pages.users.erasure_receipts import receipts
from services.ops.pages.users.user_ref import UserRef
from shared.domain.corrections import Correction
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.subjects.element import SUBJECT
from shared.domain.subjects.words import Subjects, SubjectSide, SubjectWord
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.domain.weights.ranking_weights import RankingWeights
from shared.events import Feedback, OperatorAction, ProfileCorrected, UserErase, UserErased
from shared.events.types.operator import user_target
from shared.events.types.taste_change import TasteChange
from shared.store.protocol import Reference, StoredCorrections, StoredProfile, TasteVectors
from tests.unit.services.ops.site import NOW, Site, site

VECTORS = TasteVectors(np.zeros(5, np.float32), np.zeros(5, np.float32))
TEAL = TasteSide(color=(WeightedWord(word="teal", weight=0.75, count=3),))
BROWSER = {"Accept": "text/html"}


def _profile(user: str) -> StoredProfile:
    reference = Reference(
        image_id="boat.png", uri="drawing:teal", content_hash="0" * 64, side="liked",
        action="reference_like", occurred_at=NOW, event_id="e",
    )  # fmt: skip
    return StoredProfile(
        tenant="default", user_id=user, prediction_version=2, predicted=Taste(preference=TEAL),
        references=(reference,), model_version="nano-1", updated_at=NOW,
    )  # fmt: skip


async def _with_ada(**settings: Any) -> Site:
    dashboard = site(**settings)
    await dashboard.profiles.put(_profile("ada"), VECTORS)
    return dashboard


async def test_users_are_listed_page_by_page() -> None:
    dashboard = site()
    for number in range(120):
        await dashboard.profiles.put(_profile(f"user-{number:03}"), VECTORS)
    async with dashboard.client() as client:
        page = (await client.get("/users")).text
    assert len(re.findall(r"user=(user-\d+)", page)) == 50
    assert "120 users have a profile" in page
    assert 'rel="next" href="/users?after=' in page


async def test_a_user_page_shows_what_feedback_changed_and_what_is_no_reference() -> None:
    dashboard = site()
    change = TasteChange(
        at=NOW, kind="overruled", side="preference", element=Element.COLOR, stated=("<blue>",),
        words=("teal",), statements=5, feedback={"like": 12},
    )  # fmt: skip
    profile = _profile("ada").model_copy(
        update={"history": (change,), "ignored_feedback": {"side_full": 7}}
    )
    await dashboard.profiles.put(profile, VECTORS)
    async with dashboard.client() as client:
        page = (await client.get("/user?user=ada")).text
    assert "liked color: teal instead of stated &lt;blue&gt; (12 likes)" in page
    assert "7 behind stronger or later references of a full side" in page


async def test_a_user_page_shows_the_models_thoughts_as_plain_text() -> None:
    dashboard = await _with_ada()
    async with dashboard.client() as client:
        assert "Thoughts of the model" not in (await client.get("/user?user=ada")).text
    profile = _profile("ada").model_copy(update={"thoughts": "Teal <b>again</b>.\nAnd a boat."})
    await dashboard.profiles.put(profile, VECTORS)
    async with dashboard.client() as client:
        page = (await client.get("/user?user=ada")).text
    assert "Teal &lt;b&gt;again&lt;/b&gt;.\nAnd a boat." in page


async def test_a_user_page_shows_words_references_and_corrections() -> None:
    dashboard = await _with_ada()
    correction = Correction(
        side="non_preference", element=Element.COLOR, pinned=("pink",), vetoed=("red",)
    )
    await dashboard.profiles.correct(
        StoredCorrections(
            tenant="default", user_id="ada", version=1, entries=(correction,),
            model_version="nano-1", updated_at=NOW,
        )
    )  # fmt: skip
    async with dashboard.client() as client:
        page = (await client.get("/user?user=ada")).text
        picture = await client.get("/thumbnail?user=ada&image=boat.png")
        unknown = await client.get("/thumbnail?user=ada&image=other.png")
    assert "teal" in page
    assert "75%, in 3 pictures" in page
    assert "<s>red</s>" in page
    assert "Reset the corrections of color" in page
    assert picture.headers["content-type"] == "image/webp"
    assert unknown.status_code == 404


async def test_a_user_page_shows_subjects_or_the_references_that_stand_for_them() -> None:
    dashboard = site()
    bird = SubjectWord(word="bird", weight=0.8, count=4, image_ids=("a", "b", "c", "d"))
    subjects = Subjects(
        preference=SubjectSide(words=(bird,), references=5),
        non_preference=SubjectSide(references=2, examples=("boat.png", "other <1>.png")),
    )
    profile = _profile("ada").model_copy(update={"predicted_subjects": subjects})
    await dashboard.profiles.put(profile, VECTORS)
    pinned = Correction(side="preference", element=SUBJECT, pinned=("lighthouse",))
    await dashboard.profiles.correct(
        StoredCorrections(
            tenant="default", user_id="ada", version=1, entries=(pinned,),
            model_version="nano-1", updated_at=NOW,
        )
    )  # fmt: skip
    async with dashboard.client() as client:
        page = (await client.get("/user?user=ada")).text
        taste = (await client.get("/playground?user=ada")).text
    for shown in (page, taste):
        assert "4 of 5 likes" in shown
        assert "like these 2" in shown
        assert "/thumbnail?image=other%20%3C1%3E.png&amp;user=ada" in shown
    assert "not like these 2" in taste
    assert "not like these 2" not in page
    assert "set by user, in no reference" in page
    assert 'name="element" value="subject"' in page
    assert "Veto bird" in page


async def test_a_user_page_shows_what_the_user_goes_by() -> None:
    dashboard = site()
    weights = RankingWeights.of(EQUAL_WEIGHTS, subject=0.6)
    profile = _profile("ada").model_copy(update={"ranking_weights": weights})
    await dashboard.profiles.put(profile, VECTORS)
    async with dashboard.client() as client:
        for address in ("/user?user=ada", "/playground?user=ada"):
            assert "Goes by: subject 60%, art style 8%" in (await client.get(address)).text


async def test_an_unknown_user_has_a_page_without_a_profile() -> None:
    async with site().client() as client:
        page = await client.get("/user?user=stranger")
    assert page.status_code == 200
    assert "This user has no profile" in page.text


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"action": "pin", "element": "color", "word": "blue"}, {"word": "blue"}),
        ({"action": "veto", "element": "detail", "word": "plain", "side": "preference"},
         {"side": "preference"}),
        ({"action": "veto", "element": "subject", "word": "bird"}, {"element": SUBJECT}),
        ({"action": "reset"}, {"element": None}),
    ],
)  # fmt: skip
async def test_a_correction_goes_to_kafka(form: dict[str, str], expected: dict[str, Any]) -> None:
    dashboard = await _with_ada(with_tokens=True)
    async with dashboard.client("writer") as client:
        response = await client.post("/user/correct", data={"user": "ada", **form})
    (sent,) = (event for event in dashboard.kafka.sent if isinstance(event, ProfileCorrected))
    assert response.status_code == 204
    assert (sent.user_id, sent.action) == ("ada", form["action"])
    assert {name: getattr(sent, name) for name in expected} == expected


async def test_corrections_and_exports_are_recorded_without_words_and_user_ids() -> None:
    dashboard = await _with_ada(with_tokens=True)
    form = {"user": "ada", "action": "pin", "element": "color", "word": "blue"}
    async with dashboard.client("writer") as client:
        await client.post("/user/correct", data=form)
        await client.get("/user/export?user=ada")
        await client.get("/user/export?user=stranger")
    actions = [event for event in dashboard.kafka.sent if isinstance(event, OperatorAction)]
    assert [(e.action, e.outcome, e.detail) for e in actions] == [
        ("profile.correct", "begun", "pin color"),
        ("profile.correct", "done", "pin color"),
        *2 * [("profile.export", "begun", None), ("profile.export", "done", None)],
    ]
    assert {e.user_id for e in actions} == {"writer"}
    assert actions[0].target == user_target(tenant="default", user_id="ada")
    written = "".join(event.model_dump_json() for event in actions)
    # Match whole words: three letters of a random id may be equal to a name.
    assert not re.search(r"\b(?:blue|ada|stranger)\b", written)


async def test_words_are_edited_with_their_weights() -> None:
    dashboard = await _with_ada(with_tokens=True)
    form = {"action": "edit", "element": "color", "words": "blue=0.8, deep red ,"}
    async with dashboard.client("writer", **BROWSER) as client:
        response = await client.post("/user/correct", data={"user": "ada", **form})
    (sent,) = (event for event in dashboard.kafka.sent if isinstance(event, ProfileCorrected))
    assert (response.status_code, response.headers["location"]) == (303, "/user?user=ada")
    weights = [(item.word, item.weight) for item in sent.words or ()]
    assert weights == [("blue", 0.8), ("deep red", 1)]


@pytest.mark.parametrize(
    "form",
    [
        {"action": "adore"},
        {"action": "pin", "element": "color"},
        {"action": "pin", "element": "taste", "word": "x"},
        {"action": "edit", "element": "color", "words": "blue=much"},
        {"action": "edit", "element": "color", "words": "blue=7"},
        {"action": "pin", "element": "color", "word": "a;b"},
        {"action": "pin", "element": "color", "word": "x", "user": "\x00"},
    ],
)
async def test_an_invalid_correction_is_rejected_with_a_reason(form: dict[str, str]) -> None:
    dashboard = await _with_ada(with_tokens=True)
    async with dashboard.client("writer") as client:
        response = await client.post("/user/correct", data={"user": "ada", **form})
    assert response.status_code == 422
    assert response.json()["detail"]
    assert not dashboard.kafka.sent


async def test_the_history_has_only_the_events_of_the_user() -> None:
    dashboard = await _with_ada()
    for user in ("ada", "bob"):
        dashboard.cluster.put(
            Feedback(
                event_id=uuid4(), occurred_at=NOW, user_id=user, type="dwell",
                image_id=f"{user}.png", dwell_ms=2500,
            )
        )  # fmt: skip
    async with dashboard.client() as client:
        shown = (await client.get("/user/history?user=ada")).text
        exported = (await client.get("/user/export?user=ada")).json()
    assert "dwell for 2.5 s" in shown
    assert "bob" not in shown
    assert exported["profile"]["user_id"] == "ada"
    assert [e["topic"] for e in exported["events"]] == ["feedback.v1"]


async def test_the_export_of_an_unknown_user_is_not_found() -> None:
    async with site().client() as client:
        assert (await client.get("/user/export?user=stranger")).status_code == 404


async def test_an_erasure_needs_the_user_id_and_the_role_operate() -> None:
    dashboard = await _with_ada(with_tokens=True)
    form = {"user": "ada", "confirmed": "ada"}
    async with dashboard.client("operator") as operator, dashboard.client("writer") as writer:
        wrong = await operator.post("/user/erase", data={**form, "confirmed": "bob"})
        small = await writer.post("/user/erase", data=form)
        assert not any(isinstance(event, UserErase) for event in dashboard.kafka.sent)
        done = await operator.post("/user/erase", data=form)
    assert (wrong.status_code, small.status_code, done.status_code) == (422, 403, 303)
    (sent,) = (event for event in dashboard.kafka.sent if isinstance(event, UserErase))
    assert done.headers["location"] == f"/user/erased?user=ada&event={sent.event_id}"


async def test_receipts_of_an_erasure_are_streamed() -> None:
    dashboard, erasure = site(), uuid4()
    dashboard.cluster.put(_receipt(erasure, "profile"), _receipt(uuid4(), "other"))
    parts = receipts(dashboard.ops, UserRef("ada", "default"), erasure)
    first = await anext(parts)
    dashboard.kafka.deliver(_receipt(erasure, "assessor"))
    second = await anext(parts)
    assert "profile" in first[1]
    assert "2 profiles" in first[1]
    assert "other" not in first[1]
    assert "waiting for assessor, retrain" in first[1]
    assert "waiting for retrain" in second[1]
    dashboard.kafka.deliver(_receipt(erasure, "retrain", left=3))
    third = await anext(parts)
    assert "Every service" in third[1]
    assert 'class="state bad">3<' in third[1]
    await parts.aclose()


def _receipt(erasure: Any, service: str, *, left: int = 0) -> UserErased:
    return UserErased(
        event_id=uuid4(), occurred_at=NOW, user_id="ada", erase_event_id=erasure,
        service=service, removed={"profiles": 2},
        remaining={"profiles": left},
    )  # fmt: skip
