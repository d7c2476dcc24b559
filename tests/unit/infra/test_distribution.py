"""Tests that share an expensive resource run in one process; other test files are independent."""

import pytest

from tests.support.distribution import GROUPS, ORDER, SERVER, SYSTEM, complaint, group_of, place_of
from tests.support.project_root import PROJECT_ROOT

HOT_SWAP = "tests/e2e/operations/test_hot_swap.py"
STORY = "tests/e2e/test_story.py"
ERASE = "tests/e2e/events/test_erase.py"


def test_files_that_share_a_resource_form_one_group_and_other_files_form_their_own() -> None:
    assert group_of(HOT_SWAP) == group_of("tests/contract/vlm/test_engine_swaps.py") == SERVER
    assert group_of(ERASE) == group_of("tests/e2e/operations/test_up.py") == SYSTEM
    assert group_of(STORY) == STORY


def test_long_groups_start_first_and_short_ones_last() -> None:
    groups = [
        "tests/unit/shared/prompting/test_prediction_voting.py",
        "tests/contract/store/test_user_lists.py",
        STORY,
        SYSTEM,
        SERVER,
    ]
    assert sorted(groups, key=place_of) == groups[::-1]


@pytest.mark.parametrize(
    ("path", "fixtures", "markers"),
    [(STORY, ("system",), {"kafka"}), (STORY, (), {"vllm"}), (HOT_SWAP, ("system",), {"vllm"})],
)
def test_a_file_that_is_missing_in_its_group_is_reported(
    path: str, fixtures: tuple[str, ...], markers: set[str]
) -> None:
    assert f"{path} uses " in (complaint(path, fixtures=fixtures, markers=markers) or "")


@pytest.mark.parametrize(
    ("path", "fixtures", "markers"),
    [(STORY, ("tmp_path",), {"kafka"}), (HOT_SWAP, (), {"vllm"}), (HOT_SWAP, (), {"model"}),
     (ERASE, ("system",), {"kafka"})],
)  # fmt: skip
def test_a_file_in_its_group_is_not_reported(
    path: str, fixtures: tuple[str, ...], markers: set[str]
) -> None:
    assert complaint(path, fixtures=fixtures, markers=markers) is None


@pytest.mark.parametrize(
    "path", [*(prefix for prefix in ORDER if "/" in prefix), *GROUPS[SERVER], *GROUPS[SYSTEM]]
)
def test_every_listed_path_exists(path: str) -> None:
    assert (PROJECT_ROOT / path).exists()
