"""A warning is listed in `/readyz`, and the service stays ready."""

import httpx
from prometheus_client import CollectorRegistry

from shared.messaging.health import HealthServer


class Healthy:
    def dead_because(self) -> str | None:
        return None

    async def not_ready_because(self) -> str | None:
        return None


async def little_space() -> str | None:
    return "5 MB are free"


async def enough_space() -> str | None:
    return None


async def test_a_warning_is_listed_and_the_service_is_ready() -> None:
    server = HealthServer(
        Healthy(), CollectorRegistry(), host="127.0.0.1", port=0,
        warnings=[little_space, enough_space],
    )  # fmt: skip
    await server.start()
    try:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"{server.address}/readyz")
    finally:
        await server.stop()
    assert response.status_code == 200
    assert response.json() == {"ok": True, "problems": [], "warnings": ["5 MB are free"]}
