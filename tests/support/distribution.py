"""Decide which test files stay in one process and which start first, when processes share a run.

`make test` lets pytest-xdist give whole groups of files to its processes, in the order of the run.
The files that use the same expensive fixture, such as a running system, are one group. A run in one
process keeps pytest's own order.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadFileScheduling

SERVER: Final = "the model server"
SYSTEM: Final = "the running system"
GROUPS: Final = {
    SERVER: (
        "tests/contract/vlm/test_engine_swaps.py",
        "tests/contract/vlm/test_model_engines.py",
        "tests/e2e/operations/test_hot_swap.py",
        "tests/integration/vlm/test_model_server.py",
    ),
    SYSTEM: (
        "tests/e2e/events/test_bad_events.py",
        "tests/e2e/operations/test_boards.py",
        "tests/e2e/catalog/test_catalog_feeds.py",
        "tests/e2e/events/test_client.py",
        "tests/e2e/events/test_cold_start.py",
        "tests/e2e/test_commands.py",
        "tests/e2e/events/test_connecting.py",
        "tests/e2e/events/test_corrections.py",
        "tests/e2e/pages/test_catalog.py",
        "tests/e2e/pages/test_dashboard.py",
        "tests/e2e/pages/test_dashboard_models.py",
        "tests/e2e/pages/test_study.py",
        "tests/e2e/operations/test_dead_letters.py",
        "tests/e2e/events/test_erase.py",
        "tests/e2e/events/test_event_times.py",
        "tests/e2e/events/test_foreign_client.py",
        "tests/e2e/events/test_gateway.py",
        "tests/e2e/events/test_imagine.py",
        "tests/e2e/events/test_mcp.py",
        "tests/e2e/operations/test_interrupted.py",
        "tests/e2e/operations/test_metrics.py",
        "tests/e2e/catalog/test_pages_and_removals.py",
        "tests/e2e/events/test_request_ids.py",
        "tests/e2e/events/test_steering.py",
        "tests/e2e/events/test_bad_candidates.py",
        "tests/e2e/operations/test_trace.py",
        "tests/e2e/operations/test_up.py",
    ),
}
ORDER: Final = (
    SERVER,
    SYSTEM,
    "tests/integration/infra/test_alerts.py",
    "tests/e2e/",
    "tests/training/",
    "tests/integration/",
    "tests/contract/",
)
"""Beginnings of group names: long groups first and the many short files last, so that all processes
end at about the same time."""


def group_of(path: str) -> str:
    """The group of a test file: a shared one, or the file itself."""
    return next((group for group, paths in GROUPS.items() if path in paths), path)


def place_of(group: str) -> int:
    """Position of the group in the run; equal positions keep pytest's own order."""
    return next((n for n, prefix in enumerate(ORDER) if group.startswith(prefix)), len(ORDER))


def complaint(path: str, *, fixtures: Collection[str], markers: Collection[str]) -> str | None:
    """Why the file must be listed in a group, or None."""
    needed = {
        *([SERVER] if "vllm" in markers else []),
        *([SYSTEM] if "system" in fixtures else []),
    }
    if needed <= {group_of(path)}:
        return None
    names = " and ".join(sorted(needed))
    return f"{path} uses {names}: list it in GROUPS of tests/support/distribution.py"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        problem = complaint(
            _file(item.nodeid),
            fixtures=getattr(item, "fixturenames", ()),
            markers={marker.name for marker in item.iter_markers()},
        )
        if problem:
            raise pytest.UsageError(problem)
    if hasattr(config, "workerinput"):  # one of several processes
        items.sort(key=lambda item: place_of(group_of(_file(item.nodeid))))


# Marks (`--dist loadgroup`) do not group anything in xdist 3.8 with pytest 9.2 (xdist issue 1386).
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadFileScheduling | None":
    from xdist.scheduler import LoadFileScheduling

    class ByGroup(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(_file(nodeid))

    return ByGroup(config, log) if config.getoption("dist") == "loadfile" else None


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
