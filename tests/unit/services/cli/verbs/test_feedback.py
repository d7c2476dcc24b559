"""`preferstream feedback` and `publish` act for the tenant that is named."""

from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.program.app import app
from services.cli.verbs.app import feedback
from services.local.runtime_file import RuntimeFile
from shared.events import Feedback


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Feedback]:
    """The events that the commands send."""
    events: list[Feedback] = []

    class Kafka:
        def __init__(self, *arguments: Any) -> None:
            pass

        def __enter__(self) -> "Kafka":
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def send(self, *sent: Feedback) -> None:
            events.extend(sent)

    monkeypatch.setattr(feedback, "Client", Kafka)
    monkeypatch.setattr(feedback, "connect", lambda: RuntimeFile(kafka="k:1"))
    return events


def test_feedback_is_of_the_named_tenant(sent: list[Feedback]) -> None:
    CliRunner().invoke(app, ["feedback", "like", "--user", "ada", "a.png"])
    CliRunner().invoke(app, ["feedback", "like", "--user", "ada", "--tenant", "shop", "a.png"])
    assert [event.tenant for event in sent] == ["default", "shop"]


def test_a_field_that_is_not_valid_is_named(sent: list[Feedback]) -> None:
    result = CliRunner().invoke(app, ["feedback", "like", "--user", "", "a.png"])
    assert (result.exit_code, "user_id: " in result.stderr) == (2, True)


def test_lines_of_requests_name_their_tenants_themselves() -> None:
    result = CliRunner().invoke(app, ["publish", "--json-lines", "-", "--tenant", "shop"])
    assert (result.exit_code, "leave out --tenant" in result.stderr) == (2, True)
