"""What a start needs is imported while Kafka starts, not after it."""

import os
import subprocess
import sys

from tests.support.project_root import PROJECT_ROOT

PROGRAM = """
import sys
from services.local.imports import import_services
assert "services.local.services" not in sys.modules
import_services()
assert "services.local.services" in sys.modules
"""


def test_the_services_are_imported_in_the_thread_next_to_kafkas_start() -> None:
    # A model server saves the import of torch, which this test does not need.
    environment = {**os.environ, "PREFERSTREAM_MODEL_SERVER": "http://127.0.0.1:1"}
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
