"""The library example of the README runs as printed, on real files."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pictures import story_files
from tests.support.project_root import PROJECT_ROOT

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]


def test_the_example_of_the_readme_ranks_the_liked_style_first(tmp_path: Path) -> None:
    files = story_files(tmp_path / "story")
    for folder, images in (
        ("liked", files.liked), ("disliked", files.disliked), ("candidates", files.slate),
    ):  # fmt: skip
        (tmp_path / folder).mkdir()
        for image in images:
            shutil.copy(image, tmp_path / folder)
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    completed = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path, env={"PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    likes, *ranked = completed.stdout.splitlines()
    assert likes.startswith("likes: ")
    names = [line.split()[0] for line in ranked]
    totals = [float(line.split()[1]) for line in ranked]
    assert totals == sorted(totals, reverse=True)
    liked = [names.index(path.name) for path in files.slate if path.name in files.names("liked")]
    disliked = [
        names.index(path.name) for path in files.slate if path.name in files.names("disliked")
    ]
    assert max(liked) < min(disliked)
