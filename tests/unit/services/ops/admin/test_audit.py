"""What operators do is written down before and after, or it is not done."""

from datetime import UTC, datetime

import pytest

from services.ops.admin.audit import Audit
from services.ops.auth.roles import Principal, Role
from services.ops.http.problems import Problem
from shared.domain.errors import Unavailable
from shared.events import OperatorAction
from shared.events.types.base import Event
from shared.events.types.operator import user_target
from tests.fakes.kafka_port import FakeKafkaPort
from tests.unit.services.ops.site import site

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
WHO = Principal("night-shift", Role.OPERATE)


@pytest.fixture
def kafka() -> FakeKafkaPort:
    return FakeKafkaPort()


@pytest.fixture
def audit(kafka: FakeKafkaPort) -> Audit:
    return Audit(kafka.send, lambda: NOW)


def written(kafka: FakeKafkaPort) -> list[OperatorAction]:
    return [event for event in kafka.sent if isinstance(event, OperatorAction)]


async def test_an_action_is_told_when_it_begins_and_when_it_is_done(
    kafka: FakeKafkaPort, audit: Audit
) -> None:
    async with audit.action(WHO, "model.promote", target="nano-2", detail="better") as entry:
        (begun,) = written(kafka)
        entry.details["previous"] = "nano-1"
    done = written(kafka)[1]
    assert (begun.outcome, done.outcome) == ("begun", "done")
    assert begun.action_id == done.action_id
    assert begun.event_id != done.event_id
    assert (done.user_id, done.action, done.target) == ("night-shift", "model.promote", "nano-2")
    assert (done.detail, done.details) == ("better", {"previous": "nano-1"})


async def test_what_cannot_be_written_down_is_not_begun(kafka: FakeKafkaPort, audit: Audit) -> None:
    kafka.away = "it restarts"
    did = []
    with pytest.raises(Unavailable):
        async with audit.action(WHO, "model.promote"):
            did.append("it")
    assert did == []


@pytest.mark.parametrize(
    ("error", "outcome", "told"),
    [
        (Problem(409, "gate", "The gate kept it out."), "refused", "The gate kept it out."),
        (RuntimeError("the password is swordfish"), "failed", "This is a fault of ours"),
    ],
)
async def test_how_an_action_went_wrong_is_told_without_our_inside(
    kafka: FakeKafkaPort, audit: Audit, error: Exception, outcome: str, told: str
) -> None:
    with pytest.raises(type(error)):
        async with audit.action(WHO, "model.promote"):
            raise error
    last = written(kafka)[-1]
    assert last.outcome == outcome
    assert told in str(last.detail)
    assert "swordfish" not in str(last.detail)


async def test_a_log_that_goes_away_in_the_middle_undoes_nothing(
    kafka: FakeKafkaPort, audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    async with audit.action(WHO, "dead_letter.replay"):
        kafka.away = "it restarts"
    assert "dead_letter.replay" in caplog.text


async def test_signing_in_is_written_down_and_works_without_kafka() -> None:
    guarded = site(with_tokens=True)
    events: list[Event] = guarded.kafka.sent
    async with guarded.client() as browser:
        page = (await browser.get("/sign-in")).text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"token": "secret-operator", "csrf_token": token}
        assert (await browser.post("/sign-in", data=form)).status_code == 303
    async with guarded.client() as browser:
        page = (await browser.get("/sign-in")).text
        form["csrf_token"] = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        guarded.kafka.away = "it restarts"
        assert (await browser.post("/sign-in", data=form)).status_code == 303
    (told,) = [event for event in events if isinstance(event, OperatorAction)]
    assert (told.user_id, told.action) == ("operator", "session.begin")


def test_a_person_stands_there_under_an_id_that_names_nobody() -> None:
    target = user_target(tenant="default", user_id="ada")
    assert "ada" not in target
    assert target == user_target(tenant="default", user_id="ada")
    assert target != user_target(tenant="gallery", user_id="ada")
