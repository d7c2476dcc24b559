"""The README is true: its example event, topics, variables, commands, folders and length."""

import json
import re
import subprocess
import sys

import pytest

from services.cli.reference.all_settings import known_variables
from shared.events.topics import CANDIDATES, TOPICS
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from tests.support.project_root import PROJECT_ROOT

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
MOST_LINES = 300
PAGES = [PROJECT_ROOT / "README.md", *PROJECT_ROOT.glob("services/*/README.md")]


def test_the_readme_is_short() -> None:
    assert README.count("\n") <= MOST_LINES


def test_the_list_of_files_is_current() -> None:
    check = subprocess.run(
        [sys.executable, "infra/tree.py", "--check"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, check.stdout


def test_every_folder_of_the_overview_exists() -> None:
    overview = README[README.index("The folders:") :]
    (text,) = re.findall(r"```text\n(.*?)```", overview, re.DOTALL)
    parent = ""
    folders = []
    for line in text.splitlines():
        names, _, description = line.strip().partition("  ")
        if not line.startswith(" "):
            parent = names.split()[0] if not description else ""
            names = names.split()[0]
        base = parent if line.startswith(" ") else ""
        own = [f"{base}{name}" for name in re.findall(r"[\w/]+/", names)]
        folders += own
        if len(own) == 1:
            folders += [f"{own[0]}{name}" for name in re.findall(r"\b\w+/", description)]
    assert len(folders) > 60
    missing = [f for f in folders if not (PROJECT_ROOT / f).is_dir() and not _sibling_exists(f)]
    assert not missing


def _sibling_exists(folder: str) -> bool:
    """A description may name a folder next to its own: `simulate/` names `ablation/`."""
    *parents, _, name = folder.strip("/").split("/")
    return (PROJECT_ROOT / "/".join(parents) / name).is_dir()


def test_the_example_event_is_accepted() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    record = Record(CANDIDATES.name, 0, 0, 0, None, json.dumps(json.loads(example)).encode())
    assert decode(CANDIDATES, record).user_id == "u-1017"


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_topic_is_described(topic: str) -> None:
    assert f"`{topic}`" in README


def test_every_named_variable_exists() -> None:
    for page in PAGES:
        for name in re.findall(r"PREFERSTREAM_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8")):
            assert name in known_variables(), f"{page.parent.name}: {name}"


def test_every_shown_command_exists() -> None:
    from services.cli.program.lazy_commands import VERBS

    verbs = re.findall(r"^preferstream ([a-z]+)", README, re.MULTILINE)
    assert verbs
    assert set(verbs) <= set(VERBS)


def test_the_list_of_settings_is_complete_and_in_order() -> None:
    from services.cli.reference.all_settings import env_example

    assert (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8") == env_example()
