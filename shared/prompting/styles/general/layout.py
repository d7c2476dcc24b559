"""Measure whether an answer is in the exact layout of the general style."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from shared.domain.taste import ELEMENTS
from shared.prompting.styles.general.written_answers import to_json

_DIGITS: Final = re.compile(rf"[0-5]{{{len(ELEMENTS)}}}")


def schema_share(answer: str, schema: Mapping[str, Any]) -> float:
    """1 for JSON of this schema on one line; a half for such JSON within other text or spaces."""
    start, end = answer.find("{"), answer.rfind("}") + 1
    try:
        value = json.loads(answer[start:end])
    except ValueError:
        return 0.0
    if not _follows(value, schema):
        return 0.0
    return 1.0 if answer == to_json(value) else 0.5


def is_five_digits(answer: str) -> bool:
    """Whether the answer has five digits from 0 to 5 and nothing else."""
    return _DIGITS.fullmatch(answer) is not None


def _follows(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value follows a schema of the three kinds that this style uses."""
    match schema["type"]:
        case "object":
            properties = schema["properties"]
            return (
                isinstance(value, dict)
                and list(value) == list(properties)
                and all(_follows(value[key], properties[key]) for key in properties)
            )
        case "array":
            return (
                isinstance(value, list)
                and len(value) <= schema["maxItems"]
                and all(_follows(item, schema["items"]) for item in value)
            )
        case _:
            is_text = isinstance(value, str)
            return is_text and schema["minLength"] <= len(value) <= schema["maxLength"]
