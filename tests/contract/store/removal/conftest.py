"""A client for each kind of Qdrant."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant


@pytest.fixture(params=QDRANT_KINDS)
async def client(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[AsyncQdrantClient]:
    async with opened_qdrant(request.param, tmp_path) as client:
        yield client
