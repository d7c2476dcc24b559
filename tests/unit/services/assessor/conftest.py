"""Give each test an assessor and stop it after the test."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.services.assessor.assessor import Assessor


@pytest.fixture
async def assessor() -> AsyncIterator[Assessor]:
    """Explains two images of a feed; all other settings have their defaults."""
    assessor = Assessor(explain_top_k=2)
    yield assessor
    await assessor.background_description.stop()
