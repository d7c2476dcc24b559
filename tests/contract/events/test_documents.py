"""The published schemas and the AsyncAPI document match the code."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.validators import validator_for
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from shared.events.documents import asyncapi, write
from shared.events.documents.asyncapi_messages import EXAMPLES
from shared.events.topics import DEAD_LETTERS, TOPICS, Topic
from shared.messaging.admin.provision import topic_config
from shared.messaging.client.settings import MessagingSettings
from tests.contract.events.golden_events import Golden, golden_events
from tests.contract.events.official_asyncapi import official_schema
from tests.contract.events.schemas import schema_validator

DOCUMENT: Final[dict[str, Any]] = json.loads((write.FOLDER / "asyncapi.json").read_text("utf-8"))


def test_the_committed_files_equal_the_generated_ones() -> None:
    assert write.stale() == []


def test_the_check_fails_and_names_files_that_are_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write.write(tmp_path)
    (tmp_path / "schemas" / "feedback.v1.json").write_text("{}")
    (tmp_path / "schemas" / "no.such.topic.v1.json").write_text("{}")
    monkeypatch.setattr(write.stale, "__defaults__", (tmp_path,))
    assert write.main(["--check"]) == 1
    errors = capsys.readouterr().err
    assert "schemas/feedback.v1.json is out of date" in errors
    assert "schemas/no.such.topic.v1.json is out of date" in errors
    assert "asyncapi.json" not in errors


def test_writing_makes_the_check_pass_and_removes_files_of_no_topic(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "no.such.topic.v1.json").write_text("{}")
    write.write(tmp_path)
    assert write.stale(tmp_path) == []
    assert not (tmp_path / "schemas" / "no.such.topic.v1.json").exists()


def test_writing_twice_gives_the_same_bytes() -> None:
    assert write.contents() == write.contents()
    assert all(text.endswith("}\n") for text in write.contents().values())


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_each_schema_is_a_json_schema_that_allows_unknown_fields(topic: Topic) -> None:
    schema = json.loads((write.FOLDER / f"schemas/{topic.name}.json").read_text("utf-8"))
    assert validator_for(schema) is Draft202012Validator
    Draft202012Validator.check_schema(schema)
    assert "additionalProperties" not in schema


@pytest.mark.parametrize("golden", golden_events(), ids=lambda g: f"{g.topic.name}-{g.name}")
def test_each_golden_event_is_valid_for_its_schema(golden: Golden) -> None:
    event = json.loads(golden.value)
    schema_validator(golden.topic).validate(event)
    schema_validator(golden.topic).validate({**event, "added_later": {"any": ["thing"]}})


def test_the_document_is_valid_for_the_official_schema_of_asyncapi() -> None:
    _official().validate(DOCUMENT)


def test_the_official_schema_rejects_an_invalid_document() -> None:
    channel = DOCUMENT["channels"]["feedback.v1"]
    wrong = channel | {"bindings": {"kafka": {"partitions": 0, "bindingVersion": "0.5.0"}}}
    assert not _official().is_valid(DOCUMENT | {"channels": {"feedback.v1": wrong}})
    assert not _official().is_valid(DOCUMENT | {"asyncapi": "2.6.0"})


def test_every_reference_in_the_document_can_be_resolved() -> None:
    references = list(_references(DOCUMENT))
    assert references
    for reference in references:
        target: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            assert part in target, reference
            target = target[part]


def test_every_operation_names_messages_of_its_own_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        for message in operation["messages"]:
            assert message["$ref"].startswith(f"{operation['channel']['$ref']}/messages/")


def test_an_application_sends_to_five_topics_and_receives_from_all_others() -> None:
    sent = {
        operation["channel"]["$ref"].removeprefix("#/channels/")
        for operation in DOCUMENT["operations"].values()
        if operation["action"] == "send"
    }
    assert sent == {
        "image.catalog.v1",
        "image.candidates.v1",
        "feedback.v1",
        "profile.corrected.v1",
        "user.erase.v1",
    }
    assert len(DOCUMENT["operations"]) == len(DOCUMENT["channels"])


@pytest.mark.parametrize("topic", [*TOPICS, *DEAD_LETTERS], ids=lambda topic: topic.name)
def test_each_channel_has_the_configuration_with_which_its_topic_is_created(topic: Topic) -> None:
    kafka = DOCUMENT["channels"][topic.name]["bindings"]["kafka"]
    settings = MessagingSettings()
    configuration = kafka["topicConfiguration"] | {
        "cleanup.policy": ",".join(kafka["topicConfiguration"]["cleanup.policy"])
    }
    assert {name: str(value) for name, value in configuration.items()} == topic_config(topic)
    assert kafka["partitions"] == settings.topic_partitions
    assert kafka["replicas"] == settings.topic_replication
    assert settings.kafka_bootstrap_servers == asyncapi.LOCAL_KAFKA


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_examples_in_the_document_are_valid_for_the_schemas(topic: Topic) -> None:
    message = DOCUMENT["components"]["messages"][topic.name]
    assert topic.event in EXAMPLES
    assert [example["name"] for example in message["examples"]] == ["full", "minimal"]
    headers = _component(message["headers"]["$ref"])
    for example in message["examples"]:
        schema_validator(topic).validate(example["payload"])
        headers.validate(example.get("headers", {}))
        _component(message["payload"]["$ref"]).validate(example["payload"])


def test_headers_of_an_incomplete_envelope_are_invalid() -> None:
    headers = _component("#/components/schemas/FeedbackHeaders")
    assert headers.is_valid({})
    assert not headers.is_valid({"ce_specversion": "1.0"})
    assert not headers.is_valid({"ce_type": "image.candidates.v1"})


def _official() -> Any:
    """The official schema; nothing is downloaded, so a reference to another schema fails."""
    schema = official_schema()
    parts = {
        name.rstrip("#"): Resource.from_contents(part, default_specification=DRAFT7)
        for name, part in schema["definitions"].items()
    }
    registry: Registry[Any] = Registry().with_resources(parts.items())
    return validator_for(schema)(schema, registry=registry)


def _component(reference: str) -> Any:
    # Without a schemaFormat, AsyncAPI reads a schema as draft 07.
    return Draft7Validator({"$ref": reference, "components": DOCUMENT["components"]})


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
