"""A removed image has no thumbnail any more, and an earlier feed is returned without it."""

from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.events import ImageCandidates, RankedFeed, RankedItem
from tests.unit.services.ops.gateway.test_catalog_images import put
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import Site, site


def remove(fake_site: Site, image_id: str, *, tenant: str = "default") -> None:
    check = fake_site.ops.stores.removal_check
    assert check is not None
    check.note_removed(ImageKey(tenant, image_id), RecordPosition(0, 5, 5))


def feed_with_images(event: ImageCandidates) -> RankedFeed:
    items = tuple(
        RankedItem(image_id=image_id, rank=rank, score=None, elements=None, tier="popularity")
        for rank, image_id in enumerate(("a", "b", "c"), start=1)
    )
    return feed_of(event).model_copy(update={"items": items})


async def test_an_earlier_feed_is_returned_without_removed_images() -> None:
    fake_site = site()
    fake_site.kafka.feed_for = feed_with_images
    body = {
        "user_id": "ada",
        "request_id": "r-1",
        "candidates": [{"image_id": "a", "uri": "https://images.example/a.png"}],
    }
    async with fake_site.client() as app:
        first = (await app.post("/v1/candidates", json=body)).json()
        remove(fake_site, "b")
        remove(fake_site, "c", tenant="elsewhere")
        read = await app.get("/v1/feeds/r-1?user_id=ada")
        repeated = await app.post("/v1/candidates", json=body)
    assert [item["image_id"] for item in first["items"]] == ["a", "b", "c"]
    for response in (read, repeated):
        assert response.status_code == 200
        assert [(i["image_id"], i["rank"]) for i in response.json()["items"]] == [
            ("a", 1), ("c", 3),
        ]  # fmt: skip
        (rejected,) = response.json()["rejected"]
        assert rejected["image_id"] == "b"
        assert rejected["reason"].startswith("removed_from_catalog: ")


async def test_a_thumbnail_is_checked_before_each_use_and_ends_with_its_image() -> None:
    fake_site = site()
    await put(fake_site, "sea")
    loader = fake_site.ops.stores.image_loader
    loader.drawn_as["https://images.example/sea"] = "teal"  # type: ignore[attr-defined]  # a fake
    addresses = ("/thumbnail?image=sea&user=ada", "/catalog/thumbnail?image=sea")
    async with fake_site.client() as app:
        for address in addresses:
            picture = await app.get(address)
            assert (picture.status_code, picture.headers["Cache-Control"]) == (
                200, "private, no-cache",
            )  # fmt: skip
            known = {"If-None-Match": picture.headers["ETag"]}
            loads = loader.loads  # type: ignore[attr-defined]
            again = await app.get(address, headers=known)
            assert (again.status_code, again.content) == (304, b"")
            assert loader.loads == loads  # type: ignore[attr-defined]
        remove(fake_site, "sea")
        # The catalog service has not removed it from the store yet.
        assert (await app.get("/v1/images/sea")).status_code == 404
        assert (await app.get("/v1/images")).json()["images"] == []
        for address in addresses:
            gone = await app.get(address, headers=known)
            assert gone.status_code == 410
            assert gone.json()["type"] == "urn:preferstream:problem:removed-image"
