"""What the READMEs say holds: the tree, the example event, the variables and the verbs."""

import json
import re
import subprocess
import sys

import pytest

from services.cli.reference.all_settings import known_variables
from shared.events.topics import CANDIDATES, TOPICS
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from tests.project_root import PROJECT_ROOT

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tree_is_true() -> None:
    told = subprocess.run(
        [sys.executable, "infra/tree.py", "--check"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout


def test_the_example_event_is_one_that_we_take() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    record = Record(CANDIDATES.name, 0, 0, 0, None, json.dumps(json.loads(example)).encode())
    assert decode(CANDIDATES, record).user_id == "u-1017"


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_topic_is_told_of(topic: str) -> None:
    assert f"`{topic}`" in README


def test_every_variable_told_of_exists() -> None:
    for page in [PROJECT_ROOT / "README.md", *PROJECT_ROOT.glob("services/*/README.md")]:
        for name in re.findall(r"PREFERSTREAM_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8")):
            assert name in known_variables(), f"{page.parent.name}: {name}"


def test_every_command_told_of_has_that_verb() -> None:
    from services.cli.lazy_commands import VERBS

    for verb in re.findall(r"^preferstream ([a-z]+)", README, re.MULTILINE):
        assert verb in VERBS


def test_every_link_leads_somewhere() -> None:
    for page in [PROJECT_ROOT / "README.md", *PROJECT_ROOT.glob("services/*/README.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_list_of_settings_is_complete_and_in_order() -> None:
    from services.cli.reference.all_settings import env_example

    assert (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_no_two_decisions_share_a_number() -> None:
    numbers = [path.name.split("-")[0] for path in (PROJECT_ROOT / "infra/decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers))
