"""Says which test files stay in one process, and which come first, when several share a run.

`make test` has pytest-xdist give whole groups of files to its processes, in the order of the run.
A group is what one costly thing serves; a run by hand, in one process, keeps pytest's own order.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadFileScheduling

SERVER: Final = "the one model server"
SYSTEM: Final = "the one running system"
TOGETHER: Final = {
    SERVER: (
        "tests/contract/vlm/test_engine_swaps.py",
        "tests/contract/vlm/test_model_engines.py",
        "tests/e2e/operations/test_hot_swap.py",
        "tests/integration/vlm/test_model_server.py",
    ),
    SYSTEM: (
        "tests/e2e/events/test_bad_events.py",
        "tests/e2e/operations/test_boards.py",
        "tests/e2e/events/test_client.py",
        "tests/e2e/test_commands.py",
        "tests/e2e/events/test_connecting.py",
        "tests/e2e/events/test_corrections.py",
        "tests/e2e/pages/test_dashboard.py",
        "tests/e2e/pages/test_dashboard_models.py",
        "tests/e2e/operations/test_dead_letters.py",
        "tests/e2e/events/test_erase.py",
        "tests/e2e/events/test_foreign_client.py",
        "tests/e2e/events/test_gateway.py",
        "tests/e2e/operations/test_metrics.py",
        "tests/e2e/operations/test_trace.py",
        "tests/e2e/operations/test_up.py",
    ),
}
FIRST: Final = (
    SERVER,
    SYSTEM,
    "tests/integration/infra/test_alerts.py",
    "tests/e2e/",
    "tests/training/",
    "tests/integration/",
    "tests/contract/",
)
"""The longest first and the many small ones last, so that no process ends long before another."""


def group_of(path: str) -> str:
    """What the tests of this file share with others, or the file."""
    return next((group for group, paths in TOGETHER.items() if path in paths), path)


def place_of(group: str) -> int:
    """Where the group stands in the run; alike is left in pytest's own order."""
    return next((n for n, begins in enumerate(FIRST) if group.startswith(begins)), len(FIRST))


def complaint(path: str, *, fixtures: Collection[str], markers: Collection[str]) -> str | None:
    """Why a test cannot stay where its file is, or None."""
    asked = {
        *([SERVER] if "vllm" in markers else []),
        *([SYSTEM] if "system" in fixtures else []),
    }
    if asked <= {group_of(path)}:
        return None
    return f"{path} uses {' and '.join(sorted(asked))}: name it in tests/shared_run.py, once"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        wrong = complaint(
            _file(item.nodeid),
            fixtures=getattr(item, "fixturenames", ()),
            markers={marker.name for marker in item.iter_markers()},
        )
        if wrong:
            raise pytest.UsageError(wrong)
    if hasattr(config, "workerinput"):  # one of several processes
        items.sort(key=lambda item: place_of(group_of(_file(item.nodeid))))


# By marks (`--dist loadgroup`) xdist 3.8 groups nothing under pytest 9.2 (its issue 1386).
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadFileScheduling | None":
    from xdist.scheduler import LoadFileScheduling

    class ByGroup(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(_file(nodeid))

    return ByGroup(config, log) if config.getoption("dist") == "loadfile" else None


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
