"""The official JSON Schema of AsyncAPI 3.1.0, from the package that publishes it."""

import json
from typing import Any, Final

from tests.support.npm_member import npm_member

PACKAGE: Final = "@asyncapi/specs@6.11.1"
MEMBER: Final = "package/schemas/3.1.0.json"
SHA256: Final = "51d3274899ad2875f25c18fd1aef4d5512f0a97be785d519740bde55a4162f61"


def official_schema() -> Any:
    """The schema; the test fails if it cannot be downloaded or has another checksum."""
    return json.loads(npm_member(PACKAGE, MEMBER, sha256=SHA256))
