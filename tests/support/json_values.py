"""Read the JSON objects of a topic that other tests also write to, garbage included."""

import json
from typing import Any


def json_object(value: bytes | None) -> dict[str, Any]:
    """The object in a record's value; empty for a value that is none."""
    try:
        parsed = json.loads(value or b"{}")
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
