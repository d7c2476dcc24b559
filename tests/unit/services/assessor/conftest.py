"""An assessor for each test, ended with it."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.services.assessor.assessor import Assessor


@pytest.fixture
async def assessor() -> AsyncIterator[Assessor]:
    """Two explained images a feed; the rest as it ships."""
    made = Assessor(explained_top=2)
    yield made
    await made.describing.stop()
