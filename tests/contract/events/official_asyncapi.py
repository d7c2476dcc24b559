"""The official JSON Schema of AsyncAPI 3.0.0, from the package that publishes it."""

import json
from typing import Any, Final

from tests.support.npm_member import npm_member

PACKAGE: Final = "@asyncapi/specs@6.11.1"
MEMBER: Final = "package/schemas/3.0.0.json"
SHA256: Final = "d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626"


def official_schema() -> Any:
    """The schema; the test fails if it cannot be downloaded or has another checksum."""
    return json.loads(npm_member(PACKAGE, MEMBER, sha256=SHA256))
