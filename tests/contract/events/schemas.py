"""Validate values against the published schemas, formats included."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from shared.events.documents.write import FOLDER
from shared.events.topics import Topic

FORMATS = Draft202012Validator.FORMAT_CHECKER


def schema_validator(topic: Topic) -> Any:
    """A validator of the committed schema of `topic`."""
    missing = {"date-time", "uuid"} - FORMATS.checkers.keys()
    assert not missing, f"no checker for {missing}: install jsonschema's format extra"
    schema = json.loads((FOLDER / f"schemas/{topic.name}.json").read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=FORMATS)
