"""Images of the catalog, tombstones, and requests that take images from the catalog."""

import json
from typing import Any, Final

import pytest

from shared.domain.errors import Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.events import CatalogImage, ImageCandidates
from shared.events.topics import topic_named
from shared.events.types.base import image_of_record_key, image_record_key
from shared.events.wire.codec import decode, encode
from tests.contract.events.golden_events import golden_events
from tests.contract.events.schemas import schema_validator
from tests.contract.events.wire import CANDIDATES, CATALOG, Sent, candidate, value

HASHES: Final = {
    "full": "62a5e65ea98a29267a482b7ad6994a75",
    "minimal": "bb3dd3ff60faac01c96b138e3a5b43ad",
    "rejected alone": "ba0792e543c6b20b369a0bdde6428070",
}
"""Hashes from before `from_catalog` existed: feeds in Kafka name them."""


def image(**changes: Any) -> CatalogImage:
    topic = topic_named(CATALOG)
    event = decode(topic, Sent("", CATALOG, value(CATALOG, **changes)).record())
    assert isinstance(event, CatalogImage)
    schema_validator(topic).validate(json.loads(value(CATALOG, **changes)))
    return event


def request(**changes: Any) -> ImageCandidates:
    event = decode(
        topic_named(CANDIDATES), Sent("", CANDIDATES, value(CANDIDATES, **changes)).record()
    )
    assert isinstance(event, ImageCandidates)
    return event


def test_requests_without_the_catalog_keep_their_hashes() -> None:
    golden = {g.name: json.loads(g.value) for g in golden_events() if g.topic.name == CANDIDATES}
    golden["rejected alone"] = golden["minimal"] | {
        "candidates": [], "rejected": [{"image_id": "b", "reason": "bad_uri: uri"}],
    }  # fmt: skip
    for name, expected in HASHES.items():
        event = ImageCandidates.model_validate_json(json.dumps(golden[name]))
        assert event.request_hash() == expected


def test_requests_of_other_images_of_the_catalog_have_other_hashes() -> None:
    wanted = [
        {}, {"limit": 5}, {"similar_to": "a"}, {"cursor": "a"}, {"filter": {"tags_any": ["a"]}},
        {"filter": {"tags_all": ["a"]}},
    ]  # fmt: skip
    hashes = {request(candidates=[], from_catalog=fields).request_hash() for fields in wanted}
    assert len(hashes) == len(wanted)
    assert request(candidates=[], from_catalog={"limit": 100}).request_hash() in hashes


def test_a_request_may_list_images_and_take_others_from_the_catalog() -> None:
    both = request(candidates=[candidate(), candidate(image_id="bad", uri="")], from_catalog={})
    assert [c.image_id for c in both.candidates] == ["img-1"]
    assert [item.image_id for item in both.rejected] == ["bad"]
    assert both.from_catalog is not None
    assert both.from_catalog.limit == 100


def test_a_request_without_the_catalog_has_no_field_for_it() -> None:
    assert "from_catalog" not in json.loads(encode(request()).value or b"")


def test_an_unknown_field_of_a_filter_is_named_and_not_ignored() -> None:
    with pytest.raises(Unprocessable, match=r"from_catalog\.filter\.tag: Extra inputs"):
        request(candidates=[], from_catalog={"filter": {"tag": ["a"]}})


def test_an_event_about_an_image_has_the_image_as_its_key() -> None:
    assert encode(image()).key == b"img-1"
    assert encode(image(tenant="gallery")).key == b"gallery\x1fimg-1"


def test_an_event_about_an_image_ignores_a_user() -> None:
    assert "user_id" not in json.loads(encode(image(user_id="ada")).value or b"")


def test_an_image_may_become_available_in_years() -> None:
    assert image(available_from="2999-01-01T00:00:00+01:00").available_from is not None


def test_a_tag_that_is_sent_twice_counts_once() -> None:
    assert image(tags=["b", "a", "b", "B"]).tags == ("b", "a", "B")


def test_values_of_metadata_keep_their_types() -> None:
    pairs = {"text": "é", "whole": 3, "part": 0.5, "yes": True, "none": None, "a.b[0]": "x"}
    stored = image(metadata=pairs).metadata
    assert stored == pairs
    assert [type(v) for v in stored.values()] == [type(v) for v in pairs.values()]
    assert image(metadata={"large": 2**60}).metadata == {"large": float(2**60)}


@pytest.mark.parametrize("tenant", ["default", "gallery", "g/h"])
@pytest.mark.parametrize("image_id", ["img-1", "a/b", "изображение", "x" * 256])
def test_a_tombstone_names_the_image_of_its_key(tenant: str, image_id: str) -> None:
    key = image_record_key(ImageKey(tenant, image_id))
    assert image_of_record_key(key.encode()) == ImageKey(tenant, image_id)


@pytest.mark.parametrize(
    "key", [None, b"", b"\xff", b"\x1fimg", b"gallery\x1f", b"a\x1fb\x1fc", b"a\nb", b"x" * 257]
)
def test_a_tombstone_of_no_image_is_refused(key: bytes | None) -> None:
    with pytest.raises(Unprocessable, match="bad_key"):
        image_of_record_key(key)
