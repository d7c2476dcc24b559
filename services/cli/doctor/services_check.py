"""Check that every service of the local system answers and is healthy."""

from typing import Final

import httpx

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from services.local.runtime_file import read_runtime_file

SECONDS: Final = 5.0
"""Longest wait for the answer of one service."""
ADVICE: Final = "read the messages of `preferstream up`; if they name no cause, restart it"


def check_services(
    settings: ConnectionSettings, *, transport: httpx.BaseTransport | None = None
) -> list[CheckResult]:
    """One result for all services; none without a running system in the data folder."""
    running = read_runtime_file(settings.data_dir)
    if running is None:
        return []
    with httpx.Client(timeout=SECONDS, transport=transport, trust_env=False) as client:
        problems = [
            f"{name}: {problem}"
            for name, address in running.services.items()
            if (problem := _problem(client, address)) is not None
        ]
    if problems:
        return [CheckResult("services", False, "; ".join(problems), ADVICE)]
    return [CheckResult("services", True, f"{', '.join(running.services)} are healthy")]


def _problem(client: httpx.Client, address: str) -> str | None:
    try:
        response = client.get(f"{address}/healthz")
        if response.is_success:
            return None
        problems = response.json().get("problems") or ["it is not healthy"]
    except httpx.HTTPError:
        return f"no answer at {address} within {SECONDS:g} s"
    except (ValueError, AttributeError):
        return f"status {response.status_code} without a reason"
    return ", ".join(map(str, problems))
