"""Processes that share a run share nothing else: what one thing serves stays in one of them."""

import pytest

from tests.project_root import PROJECT_ROOT
from tests.shared_run import FIRST, SERVER, SYSTEM, TOGETHER, complaint, group_of, place_of

HOT_SWAP = "tests/e2e/operations/test_hot_swap.py"
STORY = "tests/e2e/test_story.py"
ERASE = "tests/e2e/events/test_erase.py"


def test_what_one_thing_serves_is_one_group_and_the_rest_stays_with_its_file() -> None:
    assert group_of(HOT_SWAP) == group_of("tests/contract/vlm/test_engine_swaps.py") == SERVER
    assert group_of(ERASE) == group_of("tests/e2e/operations/test_up.py") == SYSTEM
    assert group_of(STORY) == STORY


def test_long_groups_begin_and_small_ones_fill_up() -> None:
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
def test_a_file_that_is_not_named_where_it_must_be_is_told(
    path: str, fixtures: tuple[str, ...], markers: set[str]
) -> None:
    assert f"{path} uses " in (complaint(path, fixtures=fixtures, markers=markers) or "")


@pytest.mark.parametrize(
    ("path", "fixtures", "markers"),
    [(STORY, ("tmp_path",), {"kafka"}), (HOT_SWAP, (), {"vllm"}), (HOT_SWAP, (), {"model"}),
     (ERASE, ("system",), {"kafka"})],
)  # fmt: skip
def test_a_file_that_is_named_rightly_is_not_complained_of(
    path: str, fixtures: tuple[str, ...], markers: set[str]
) -> None:
    assert complaint(path, fixtures=fixtures, markers=markers) is None


@pytest.mark.parametrize(
    "named", [*(one for one in FIRST if "/" in one), *TOGETHER[SERVER], *TOGETHER[SYSTEM]]
)
def test_what_is_named_is_there(named: str) -> None:
    assert (PROJECT_ROOT / named).exists()
