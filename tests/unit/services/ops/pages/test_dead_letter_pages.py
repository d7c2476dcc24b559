"""Dead letters on the dashboard: found by page, mended and sent back, or let be."""

import json
import re

import pytest

from shared.events import OperatorAction
from tests.unit.services.ops.site import Site, site

GOOD = {
    "event_id": "018f3a5e-7b1c-7d2e-9f40-000000000006",
    "occurred_at": "2026-01-31T09:30:01Z",
    "user_id": "ada",
    "type": "like",
    "image_id": "img-1",
}


def _with_letters() -> Site:
    where = site(with_tokens=True)
    broken = json.dumps({**GOOD, "type": "adore"}).encode()
    where.desk.put(broken, error="invalid_event", detail="type: adore is no action <b>")
    where.desk.put(b"\xff\xfe", error="not_utf8", detail="byte 0 is no UTF-8")
    where.desk.put(b"not JSON", error="not_json", detail="line 1 column 1")
    return where


async def test_letters_are_listed_by_page_the_newest_first() -> None:
    where = _with_letters()
    async with where.client("operator") as client:
        first = (await client.get("/dead-letters?topic=feedback.v1")).text
        second = (await client.get("/dead-letters?topic=feedback.v1&after=2")).text
    assert first.index("dlq/0/2") < first.index("dlq/0/1")
    assert "dlq/0/0" not in first
    assert 'href="/dead-letters?topic=feedback.v1&amp;after=2"' in first.replace(
        "&after", "&amp;after"
    )
    assert "adore is no action &lt;b&gt;" in second
    assert "Older" not in second


async def test_letters_are_searched() -> None:
    where = _with_letters()
    async with where.client("operator") as client:
        page = (await client.get("/dead-letters?text=adore")).text
        none = (await client.get("/dead-letters?reason=unheard_of")).text
    assert "dlq/0/0" in page
    assert "dlq/0/1" not in page
    assert "None." in none


async def test_a_letter_is_shown_with_why_and_what() -> None:
    where = _with_letters()
    async with where.client("operator") as client:
        text = (await client.get("/dead-letter?id=feedback.v1.dlq/0/0")).text
        bytes_ = (await client.get("/dead-letter?id=feedback.v1.dlq/0/1")).text
    assert "invalid_event" in text
    assert "&#34;adore&#34;" in text
    assert "//4=" in bytes_


async def test_a_mended_letter_goes_back_and_is_written_down() -> None:
    where = _with_letters()
    form = {"id": "feedback.v1.dlq/0/0", "value": json.dumps(GOOD), "note": "an old client"}
    async with where.client("operator") as client:
        answer = await client.post("/dead-letter/replay", data=form)
        shown = (await client.get(answer.headers["location"])).text
        again = await client.post("/dead-letter/replay", data=form)
    (sent,) = where.desk.sent
    assert json.loads(sent.value or b"") == GOOD
    assert "replayed, mended" in shown
    assert "by operator: an old client" in shown
    assert again.status_code == 409
    told = [e for e in where.kafka.sent if isinstance(e, OperatorAction)]
    assert [(e.action, e.outcome) for e in told] == [
        ("dead_letter.replay", "begun"),
        ("dead_letter.replay", "done"),
        ("dead_letter.replay", "begun"),
        ("dead_letter.replay", "refused"),
    ]


async def test_what_would_be_set_aside_again_is_not_sent() -> None:
    where = _with_letters()
    async with where.client("operator") as client:
        answer = await client.post("/dead-letter/replay", data={"id": "feedback.v1.dlq/0/2"})
    assert answer.status_code == 422
    assert "Mend its value" in answer.json()["detail"]
    assert not where.desk.sent


async def test_a_letter_is_let_be() -> None:
    where = _with_letters()
    async with where.client("operator") as client:
        await client.post("/dead-letter/drop", data={"id": "feedback.v1.dlq/0/2"})
        left = (await client.get("/dead-letters")).text
        every = (await client.get("/dead-letters?every=true")).text
    assert "dlq/0/2" not in left
    assert "dropped" in every


async def test_a_page_is_sent_back_at_once_but_for_what_cannot_be() -> None:
    where = _with_letters()
    where.desk.put(json.dumps(GOOD).encode(), error="internal_error", detail="a bug")
    async with where.client("operator") as client:
        page = (await client.get("/dead-letters?topic=feedback.v1")).text
        asked = {"id": re.findall(r'name="id" value="([^"]+)"', page), "note": "mended"}
        answer = await client.post("/dead-letters/replay", data={**asked, "query": "reason=x&y=1"})
        shown = (await client.get(answer.headers["location"])).text
    assert asked["id"] == ["feedback.v1.dlq/0/3", "feedback.v1.dlq/0/2"]
    (sent,) = where.desk.sent
    assert json.loads(sent.value or b"") == GOOD
    assert "reason=x&done=" in answer.headers["location"]
    assert "1 sent back; 1 not: feedback.v1.dlq/0/2 would be set aside again" in shown
    assert where.desk.kept["feedback.v1.dlq/0/2"].resolved is None
    told = [e for e in where.kafka.sent if isinstance(e, OperatorAction)]
    assert [(e.action, e.outcome, e.details) for e in told] == [
        ("dead_letter.replay_all", "begun", {}),
        ("dead_letter.replay_all", "done", {"resolved": "1", "refused": "1"}),
    ]


async def test_a_page_is_let_be_at_once() -> None:
    where = _with_letters()
    asked = {"id": ["feedback.v1.dlq/0/2", "feedback.v1.dlq/0/1"]}
    async with where.client("operator") as client:
        answer = await client.post("/dead-letters/drop", data=asked)
        left = (await client.get(answer.headers["location"])).text
    assert "2 let be" in left
    assert "dlq/0/0" in left
    assert "dlq/0/1" not in left


@pytest.mark.parametrize("asked", [{}, {"id": ["none"]}, {"id": ["x"] * 51}])
async def test_what_is_no_page_of_letters_is_refused(asked: dict[str, list[str]]) -> None:
    where = _with_letters()
    async with where.client("operator") as client:
        for path in ("/dead-letters/replay", "/dead-letters/drop"):
            assert (await client.post(path, data=asked)).status_code in (404, 422)
    assert not where.desk.sent


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dead-letter?id=none", 404),
        ("/dead-letters?topic=other", 422),
        ("/dead-letters?after=x", 422),
        ("/dead-letter", 422),
    ],
)
async def test_what_is_not_there_is_told(path: str, status: int) -> None:
    where = _with_letters()
    async with where.client("operator") as client:
        assert (await client.get(path)).status_code == status


async def test_they_are_for_operators_of_all_tenants() -> None:
    where = _with_letters()
    async with where.client("writer") as client:
        assert (await client.get("/dead-letters")).status_code == 403
