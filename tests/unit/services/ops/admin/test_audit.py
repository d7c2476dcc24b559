"""Operator actions are recorded before and after, or they are not done."""

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
PRINCIPAL = Principal("night-shift", Role.OPERATE)


@pytest.fixture
def kafka() -> FakeKafkaPort:
    return FakeKafkaPort()


@pytest.fixture
def audit(kafka: FakeKafkaPort) -> Audit:
    return Audit(kafka.send, lambda: NOW)


def written(kafka: FakeKafkaPort) -> list[OperatorAction]:
    return [event for event in kafka.sent if isinstance(event, OperatorAction)]


async def test_an_action_is_recorded_when_it_begins_and_when_it_is_done(
    kafka: FakeKafkaPort, audit: Audit
) -> None:
    async with audit.action(PRINCIPAL, "model.promote", target="nano-2", detail="better") as entry:
        (begun,) = written(kafka)
        entry.details["previous"] = "nano-1"
    done = written(kafka)[1]
    assert (begun.outcome, done.outcome) == ("begun", "done")
    assert begun.action_id == done.action_id
    assert begun.event_id != done.event_id
    assert (done.user_id, done.action, done.target) == ("night-shift", "model.promote", "nano-2")
    assert (done.detail, done.details) == ("better", {"previous": "nano-1"})


async def test_an_action_that_cannot_be_recorded_does_not_begin(
    kafka: FakeKafkaPort, audit: Audit
) -> None:
    kafka.unavailable = "it restarts"
    executed = []
    with pytest.raises(Unavailable):
        async with audit.action(PRINCIPAL, "model.promote"):
            executed.append("model.promote")
    assert executed == []


@pytest.mark.parametrize(
    ("error", "outcome", "detail"),
    [
        (Problem(409, "gate", "The gate rejected it."), "refused", "The gate rejected it."),
        (RuntimeError("the password is swordfish"), "failed", "This is an internal error"),
    ],
)
async def test_a_failed_action_is_recorded_without_internal_details(
    kafka: FakeKafkaPort, audit: Audit, error: Exception, outcome: str, detail: str
) -> None:
    with pytest.raises(type(error)):
        async with audit.action(PRINCIPAL, "model.promote"):
            raise error
    last = written(kafka)[-1]
    assert last.outcome == outcome
    assert detail in str(last.detail)
    assert "swordfish" not in str(last.detail)


async def test_an_action_completes_when_the_audit_log_becomes_unavailable(
    kafka: FakeKafkaPort, audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    async with audit.action(PRINCIPAL, "dead_letter.replay"):
        kafka.unavailable = "it restarts"
    assert "dead_letter.replay" in caplog.text


async def test_a_sign_in_is_recorded_and_works_without_kafka() -> None:
    protected = site(with_tokens=True)
    events: list[Event] = protected.kafka.sent
    async with protected.client() as browser:
        page = (await browser.get("/sign-in")).text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"token": "secret-operator", "csrf_token": token}
        assert (await browser.post("/sign-in", data=form)).status_code == 303
    async with protected.client() as browser:
        page = (await browser.get("/sign-in")).text
        form["csrf_token"] = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        protected.kafka.unavailable = "it restarts"
        assert (await browser.post("/sign-in", data=form)).status_code == 303
    (recorded,) = [event for event in events if isinstance(event, OperatorAction)]
    assert (recorded.user_id, recorded.action) == ("operator", "session.begin")


def test_the_audit_log_names_a_user_by_a_pseudonym() -> None:
    target = user_target(tenant="default", user_id="ada")
    assert "ada" not in target
    assert target == user_target(tenant="default", user_id="ada")
    assert target != user_target(tenant="gallery", user_id="ada")
