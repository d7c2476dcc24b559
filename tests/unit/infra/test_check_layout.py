"""The check of names and folders finds what it forbids, and this project passes it."""

import subprocess
import sys

import pytest

from infra.check_layout import MOST_ENTRIES, banned_names, wide_folders
from tests.support.project_root import PROJECT_ROOT


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("found = 1", "found"),
        ("for told in []: pass", "told"),
        ("with open('f') as said: pass", "said"),
        ("x = [asked for asked in []]", "asked"),
        ("if (heard := 1): pass", "heard"),
        ("def told(): pass", "told"),
        ("async def _said(): pass", "_said"),
        ("def f(found): pass", "found"),
        ("def f(*, asked=1): pass", "asked"),
        ("f = lambda told: 1", "told"),
        ("import os as found", "found"),
        ("class A:\n    told: int", "told"),
        ("class A:\n    def f(self): self.found = 1", "found"),
        ("try: pass\nexcept ValueError as told: pass", "told"),
        ("match 1:\n    case found: pass", "found"),
        ("f(told=1)", "told"),
    ],
)
def test_a_banned_name_is_found_wherever_it_is_defined(source: str, name: str) -> None:
    assert [word for _, word in banned_names(source)] == [name]


@pytest.mark.parametrize(
    "source", ["payload = 1", "print(found)", "# found\n'told'", "not_found = 1", "x.asked"]
)
def test_other_names_pass(source: str) -> None:
    assert not list(banned_names(source))


def test_a_folder_is_wide_when_it_has_too_many_files_and_folders() -> None:
    files = [f"services/a/f{n}.py" for n in range(MOST_ENTRIES)]
    assert not list(wide_folders([*files, "services/a/__init__.py", "services/a/README.md"]))
    assert list(wide_folders([*files, "services/a/b/c.py", "services/a/b/d.py"])) == [
        ("services/a", MOST_ENTRIES + 1)
    ]


def test_this_project_passes() -> None:
    check = subprocess.run(
        [sys.executable, "infra/check_layout.py"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, check.stdout
