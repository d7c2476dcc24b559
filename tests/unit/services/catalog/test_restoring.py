"""An empty store gets the images of the topic again, as the latest record of each says."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from services.catalog import restoring
from services.catalog.restoring import BATCH, latest, restore
from shared.client.catalog import catalog_image, removal
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.events.topics import CATALOG
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing, Record
from shared.messaging.client.settings import MessagingSettings
from shared.store.catalog.images import Publication
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.fakes.stores.catalogs import InMemoryCatalogs
from tests.unit.services.catalog.service_on_fakes import SPACE

NOW_MS = int(datetime.now(UTC).timestamp() * 1000)


def read(*written: Outgoing) -> list[Record]:
    return [
        Record(CATALOG.name, 0, offset, NOW_MS, record.key, record.value, record.headers)
        for offset, record in enumerate(written)
    ]


def test_the_latest_publication_of_each_image_counts() -> None:
    old, new = (encode(catalog_image("a", f"https://x/{name}.png")) for name in ("old", "new"))
    removed = encode(catalog_image("b", "https://x/b.png"))
    other = encode(catalog_image("b", "https://x/b.png", tenant="shop"))
    back = encode(catalog_image("c", "https://x/c.png"))
    records = read(
        old, removed, other, new, back,
        removal("b", tenant="default"), removal("c", tenant="default"), back,
    )  # fmt: skip
    entries = {publication.entry.key: publication.entry.uri for publication in latest(records)}
    assert {tuple(key): uri for key, uri in entries.items()} == {
        ("default", "a"): "https://x/new.png",
        ("default", "c"): "https://x/c.png",
        ("shop", "b"): "https://x/b.png",
    }


def test_records_that_became_dead_letters_are_left_out() -> None:
    good = encode(catalog_image("a", "https://x/a.png"))
    wrong_key = Outgoing(CATALOG.name, b"b", good.value)
    no_json = Outgoing(CATALOG.name, b"a", b"{")
    no_key = Outgoing(CATALOG.name, None, good.value)
    (publication,) = latest(read(good, wrong_key, no_json, no_key))
    assert publication.entry.image_id == "a"


class FailingCatalog(InMemoryCatalog):
    """A catalog whose store ends after the first batch."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        if self.publish_calls == 1:
            self.publish_calls += 1
            raise Unavailable("qdrant", "it restarts")
        await super().publish(publications)


async def test_an_interrupted_restoration_is_repeated_at_the_next_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = [encode(catalog_image(f"i{n}", f"https://x/{n}.png")) for n in range(BATCH + 100)]
    monkeypatch.setattr(restoring, "whole_topic", lambda *_: read(*images))
    catalogs = InMemoryCatalogs(SPACE)
    catalogs.current = catalogs._by_space[SPACE] = FailingCatalog()

    async def start() -> int:
        return await restore(catalogs, MessagingSettings(), model_version="m-1", clock=system_clock)

    with pytest.raises(Unavailable):
        await start()
    assert await start() == len(images)
    assert await catalogs.current.count() == len(images)
    assert await start() == 0
