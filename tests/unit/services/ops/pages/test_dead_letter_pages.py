"""Dead letter pages: list, search, fix and replay, or drop."""

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
    dashboard = site(with_tokens=True)
    broken = json.dumps({**GOOD, "type": "adore"}).encode()
    dashboard.dead_letters.put(broken, error="invalid_event", detail="type: adore is no action <b>")
    dashboard.dead_letters.put(b"\xff\xfe", error="not_utf8", detail="byte 0 is no UTF-8")
    dashboard.dead_letters.put(b"not JSON", error="not_json", detail="line 1 column 1")
    return dashboard


async def test_dead_letters_are_listed_page_by_page_newest_first() -> None:
    dashboard = _with_letters()
    async with dashboard.client("operator") as client:
        first = (await client.get("/dead-letters?topic=feedback.v1")).text
        second = (await client.get("/dead-letters?topic=feedback.v1&after=2")).text
    assert first.index("dlq/0/2") < first.index("dlq/0/1")
    assert "dlq/0/0" not in first
    assert 'href="/dead-letters?topic=feedback.v1&amp;after=2"' in first.replace(
        "&after", "&amp;after"
    )
    assert "adore is no action &lt;b&gt;" in second
    assert "Older" not in second


async def test_dead_letters_are_searched() -> None:
    dashboard = _with_letters()
    async with dashboard.client("operator") as client:
        page = (await client.get("/dead-letters?text=adore")).text
        none = (await client.get("/dead-letters?reason=unheard_of")).text
    assert "dlq/0/0" in page
    assert "dlq/0/1" not in page
    assert "No dead letters." in none


async def test_a_dead_letter_is_shown_with_its_error_and_payload() -> None:
    dashboard = _with_letters()
    async with dashboard.client("operator") as client:
        text = (await client.get("/dead-letter?id=feedback.v1.dlq/0/0")).text
        bytes_ = (await client.get("/dead-letter?id=feedback.v1.dlq/0/1")).text
    assert "invalid_event" in text
    assert "&#34;adore&#34;" in text
    assert "//4=" in bytes_


async def test_a_fixed_dead_letter_is_replayed_and_recorded() -> None:
    dashboard = _with_letters()
    form = {"id": "feedback.v1.dlq/0/0", "value": json.dumps(GOOD), "note": "an old client"}
    async with dashboard.client("operator") as client:
        response = await client.post("/dead-letter/replay", data=form)
        shown = (await client.get(response.headers["location"])).text
        again = await client.post("/dead-letter/replay", data=form)
    (sent,) = dashboard.dead_letters.sent
    assert json.loads(sent.value or b"") == GOOD
    assert "replayed, fixed" in shown
    assert "by operator: an old client" in shown
    assert again.status_code == 409
    actions = [e for e in dashboard.kafka.sent if isinstance(e, OperatorAction)]
    assert [(e.action, e.outcome) for e in actions] == [
        ("dead_letter.replay", "begun"),
        ("dead_letter.replay", "done"),
        ("dead_letter.replay", "begun"),
        ("dead_letter.replay", "refused"),
    ]


async def test_an_event_that_would_fail_again_is_not_replayed() -> None:
    dashboard = _with_letters()
    async with dashboard.client("operator") as client:
        response = await client.post("/dead-letter/replay", data={"id": "feedback.v1.dlq/0/2"})
    assert response.status_code == 422
    assert "Correct its value" in response.json()["detail"]
    assert not dashboard.dead_letters.sent


async def test_a_dead_letter_is_dropped() -> None:
    dashboard = _with_letters()
    async with dashboard.client("operator") as client:
        await client.post("/dead-letter/drop", data={"id": "feedback.v1.dlq/0/2"})
        open_only = (await client.get("/dead-letters")).text
        with_resolved = (await client.get("/dead-letters?include_resolved=true")).text
    assert "dlq/0/2" not in open_only
    assert "dropped" in with_resolved


async def test_all_dead_letters_of_a_page_are_replayed_except_unreadable_ones() -> None:
    dashboard = _with_letters()
    dashboard.dead_letters.put(json.dumps(GOOD).encode(), error="internal_error", detail="a bug")
    async with dashboard.client("operator") as client:
        page = (await client.get("/dead-letters?topic=feedback.v1")).text
        form = {"id": re.findall(r'name="id" value="([^"]+)"', page), "note": "bug is fixed"}
        response = await client.post("/dead-letters/replay", data={**form, "query": "reason=x&y=1"})
        shown = (await client.get(response.headers["location"])).text
    assert form["id"] == ["feedback.v1.dlq/0/3", "feedback.v1.dlq/0/2"]
    (sent,) = dashboard.dead_letters.sent
    assert json.loads(sent.value or b"") == GOOD
    assert "reason=x&done=" in response.headers["location"]
    assert "1 replayed; 1 not: feedback.v1.dlq/0/2 would become a dead letter again" in shown
    assert dashboard.dead_letters.by_id["feedback.v1.dlq/0/2"].resolved is None
    actions = [e for e in dashboard.kafka.sent if isinstance(e, OperatorAction)]
    assert [(e.action, e.outcome, e.details) for e in actions] == [
        ("dead_letter.replay_all", "begun", {}),
        ("dead_letter.replay_all", "done", {"resolved": "1", "refused": "1"}),
    ]


async def test_all_dead_letters_of_a_page_are_dropped() -> None:
    dashboard = _with_letters()
    form = {"id": ["feedback.v1.dlq/0/2", "feedback.v1.dlq/0/1"]}
    async with dashboard.client("operator") as client:
        response = await client.post("/dead-letters/drop", data=form)
        remaining = (await client.get(response.headers["location"])).text
    assert "2 dropped" in remaining
    assert "dlq/0/0" in remaining
    assert "dlq/0/1" not in remaining


@pytest.mark.parametrize("form", [{}, {"id": ["none"]}, {"id": ["x"] * 51}])
async def test_an_invalid_list_of_dead_letters_is_rejected(form: dict[str, list[str]]) -> None:
    dashboard = _with_letters()
    async with dashboard.client("operator") as client:
        for path in ("/dead-letters/replay", "/dead-letters/drop"):
            assert (await client.post(path, data=form)).status_code in (404, 422)
    assert not dashboard.dead_letters.sent


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dead-letter?id=none", 404),
        ("/dead-letters?topic=other", 422),
        ("/dead-letters?after=x", 422),
        ("/dead-letter", 422),
    ],
)
async def test_an_unknown_dead_letter_or_search_is_an_error(path: str, status: int) -> None:
    dashboard = _with_letters()
    async with dashboard.client("operator") as client:
        assert (await client.get(path)).status_code == status


async def test_dead_letters_need_the_role_operate() -> None:
    dashboard = _with_letters()
    async with dashboard.client("writer") as client:
        assert (await client.get("/dead-letters")).status_code == 403
