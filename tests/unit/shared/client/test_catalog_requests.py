"""The client builds events of the catalog as the contract wants them."""

import re

import pytest

from shared.client import catalog_image, feed_request
from shared.client.catalog import catalog_images, removal
from shared.domain.errors import Unprocessable
from shared.domain.images.catalog_filter import CatalogFilter
from shared.events.topics import CANDIDATES, CATALOG
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Record
from tests.support.project_root import PROJECT_ROOT


def test_addresses_become_images_of_the_tenant() -> None:
    (image,) = catalog_images({"a": "https://images.example/a.png"}, tenant="shop")
    assert (image.tenant, image.image_id, image.uri) == (
        "shop",
        "a",
        "https://images.example/a.png",
    )
    given = catalog_image("b", "mem:b", tags=["winter"], tenant="other")
    assert catalog_images([given], tenant="shop") == [given]
    assert given.tags == ("winter",)


def test_a_wrong_field_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="tags"):
        catalog_image("a", "mem:a", tags=[""])


def test_a_removal_is_a_tombstone_under_the_key_of_the_image() -> None:
    for tenant in ("default", "shop"):
        tombstone = removal("a", tenant=tenant)
        assert tombstone.value is None
        assert tombstone.key == encode(catalog_image("a", "mem:a", tenant=tenant)).key


def test_the_removal_of_an_invalid_id_is_an_error() -> None:
    with pytest.raises(Unprocessable, match="bad_key"):
        removal("", tenant="shop")


def test_a_feed_of_the_catalog_needs_no_field() -> None:
    event = feed_request("ada")
    assert event.from_catalog is not None
    assert (event.candidates, event.from_catalog.limit) == ((), 100)


def test_the_fields_of_the_catalog_and_of_the_request_are_taken_apart() -> None:
    event = feed_request("ada", top_k=3, similar_to="a", filter={"tags_any": ["sea"]}, cursor=None)
    assert event.from_catalog is not None
    assert event.top_k == 3
    assert event.from_catalog.similar_to == "a"
    assert event.from_catalog.filter == CatalogFilter(tags_any=("sea",))
    with pytest.raises(ValueError, match="Extra inputs"):
        feed_request("ada", filter={"tag": ["sea"]})


def test_the_events_of_the_page_are_valid() -> None:
    page = (PROJECT_ROOT / "shared/client/README.md").read_text(encoding="utf-8")
    image, wanted = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    for topic, text in ((CATALOG, image), (CANDIDATES, wanted)):
        decode(topic, Record(topic.name, 0, 0, 0, None, text.encode()))
