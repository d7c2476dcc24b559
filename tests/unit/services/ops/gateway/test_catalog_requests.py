"""A request over HTTP may take its images from the catalog."""

import httpx
import pytest

from shared.domain.images.catalog_filter import CatalogFilter
from shared.events import ImageCandidates
from tests.unit.services.ops.site import site

WANTED = {"limit": 5, "filter": {"tags_any": ["sea"]}, "similar_to": "a"}


async def sent_for(from_catalog: object) -> tuple[httpx.Response, ImageCandidates | None]:
    fake_site = site()
    body = {"user_id": "ada", "candidates": [], "from_catalog": from_catalog}
    async with fake_site.client() as app:
        response = await app.post("/v1/candidates?wait_seconds=0", json=body)
    event = next(iter(fake_site.kafka.sent), None)
    assert event is None or isinstance(event, ImageCandidates)
    return response, event


async def test_a_request_without_a_list_reaches_kafka() -> None:
    response, event = await sent_for(WANTED)
    assert response.status_code == 202
    assert event is not None
    assert event.from_catalog is not None
    assert event.from_catalog.limit == 5
    assert event.from_catalog.filter == CatalogFilter(tags_any=("sea",))
    assert event.from_catalog.similar_to == "a"


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (None, "candidates"),
        ({"limit": 0}, "limit"),
        ({"filter": {"tag": ["sea"]}}, "tag"),
        ({"cursor": "x", "similar_to": "a"}, "cursor"),
    ],
)
async def test_a_wrong_wish_is_refused_with_its_field(wanted: object, named: str) -> None:
    response, event = await sent_for(wanted)
    assert response.status_code == 422
    assert event is None
    assert named in response.text
