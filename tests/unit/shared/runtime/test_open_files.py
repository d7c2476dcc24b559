"""A service may open thousands of connections, where the machine allows it."""

import resource
import subprocess
import sys

import pytest

from shared.runtime.open_files import WANTED

RAISE = (
    "import resource\n"
    "from shared.runtime.open_files import raise_open_files_limit\n"
    "resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
    "raise_open_files_limit()\n"
    "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
)


@pytest.mark.parametrize("hard", [1024, 10_000])
def test_the_limit_of_open_files_is_raised_up_to_the_hard_limit(hard: int) -> None:
    hard = min(hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    assert raised(soft=256, hard=hard) == min(hard, WANTED)


def test_a_higher_limit_stays() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert raised(soft=hard, hard=hard) == hard


def raised(*, soft: int, hard: int) -> int:
    """The soft limit of a process that started with these limits."""
    code = RAISE.format(soft=soft, hard=hard)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return int(result.stdout)
