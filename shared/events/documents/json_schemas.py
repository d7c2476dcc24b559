"""Build the JSON Schema (2020-12) of every event from its type."""

from typing import Any, Final, Literal

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from shared.events.topics import CANDIDATES, CATALOG, CORRECTIONS, ERASE, FEEDBACK, TOPICS, Topic
from shared.events.types.base import Event
from shared.events.types.correction import ProfileCorrected
from shared.events.types.feedback import Feedback

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SENT_BY_APPS: Final = (CATALOG, CANDIDATES, FEEDBACK, CORRECTIONS, ERASE)
"""Topics that applications write. Preferstream writes the others."""

_RULES: Final[dict[type[Event], dict[str, Any]]] = {
    Feedback: {
        "if": {"properties": {"type": {"const": "dwell"}}, "required": ["type"]},
        "then": {
            "properties": {"dwell_ms": {"type": "integer"}},
            "required": ["dwell_ms"],
        },
    },
    ProfileCorrected: {
        "allOf": [
            {
                "if": {"properties": {"action": {"enum": actions}}, "required": ["action"]},
                "then": {
                    "properties": {name: {"not": {"type": "null"}} for name in required},
                    "required": required,
                },
            }
            for actions, required in (
                (["pin", "veto"], ["element", "word"]),
                (["edit"], ["element", "words"]),
            )
        ]
    },
}
"""Rules between fields. The types check them in code, so the schemas need them too."""

Mode = Literal["validation", "serialization"]


class _Plain(GenerateJsonSchema):
    """A generator without titles that only repeat field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(topic: Topic) -> dict[str, Any]:
    """The schema of a value on this topic, as apps may send it or as Preferstream sends it."""
    event = _event(topic)
    schema = event.model_json_schema(mode=_mode(topic), schema_generator=_Plain)
    return {"$schema": DIALECT, **schema, "title": event.event_type, **_RULES.get(event, {})}


def shared_definitions(ref_template: str) -> dict[str, dict[str, Any]]:
    """The schemas of all events and their parts, each once; `ref_template` links them."""
    _, document = models_json_schema(
        [(_event(topic), _mode(topic)) for topic in TOPICS],
        ref_template=ref_template,
        schema_generator=_Plain,
    )
    definitions: dict[str, dict[str, Any]] = document["$defs"]
    for event, rule in _RULES.items():
        definitions[event.__name__] |= rule
    return definitions


def _mode(topic: Topic) -> Mode:
    return "validation" if topic in SENT_BY_APPS else "serialization"


def _event(topic: Topic) -> type[Event]:
    assert topic.event is not None
    return topic.event
