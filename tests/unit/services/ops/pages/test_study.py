"""The pages of a blind test: own pictures, marks, fixed predictions, choices, export, erasure."""

import re
from typing import Any

import httpx
import pytest

from services.ops.study.result import check_export
from shared.domain.errors import Unprocessable
from shared.domain.taste import Taste
from shared.events import Feedback, ImageCandidates, RankedFeed, RankedItem, UserErase
from shared.events.types.base import Event
from shared.store.protocol import Reference, StoredProfile, TasteVectors
from tests.fakes.images import ColorImages
from tests.fakes.model import COLORS
from tests.unit.services.ops.site import NOW, Site, site

PICTURES = [f"data:image/png;base64,{number}" for number in range(20)]


class Preferstream:
    """The rest of the system: it stores references, and scores pictures by their number."""

    def __init__(self, dashboard: Site) -> None:
        self.site = dashboard
        self.send = dashboard.kafka.send
        self.status: Any = "ok"
        dashboard.kafka.send = self.receive  # type: ignore[method-assign]
        dashboard.kafka.feed_for = self.feed

    async def receive(self, *events: Event) -> None:
        await self.send(*events)
        likes = [event for event in events if isinstance(event, Feedback)]
        if likes:
            await self.site.profiles.put(_profile(likes), TasteVectors(*_NO_VECTORS))

    def feed(self, event: ImageCandidates) -> RankedFeed:
        items = tuple(
            RankedItem(
                image_id=candidate.image_id, rank=rank, elements=None, tier="vlm",
                score=float(candidate.uri.rpartition(",")[2]),
            )
            for rank, candidate in enumerate(event.candidates, start=1)
        )  # fmt: skip
        return RankedFeed(
            event_id=event.event_id, occurred_at=NOW, user_id=event.user_id,
            request_id=event.request_id, status=self.status, items=items, profile_version=1,
            model_version="numbers",
        )  # fmt: skip


_NO_VECTORS: Any = ([], [])


def _profile(likes: list[Feedback]) -> StoredProfile:
    return StoredProfile(
        tenant="default", user_id=likes[0].user_id, prediction_version=1, predicted=Taste(),
        model_version="numbers", updated_at=NOW,
        references=tuple(
            Reference(
                image_id=like.image_id, uri=like.uri or "", content_hash=like.image_id,
                side="liked" if like.type == "reference_like" else "disliked", action=like.type,
                occurred_at=NOW, event_id=str(like.event_id),
            )
            for like in likes
        ),
    )  # fmt: skip


@pytest.fixture
def dashboard() -> Site:
    dashboard = site(with_tokens=True)
    images = dashboard.ops.stores.image_loader
    assert isinstance(images, ColorImages)
    images.drawn_as = {uri: COLORS[n % len(COLORS)] for n, uri in enumerate(PICTURES)}
    return dashboard


class Person:
    """A client that takes a test on its own pictures."""

    def __init__(self, client: httpx.AsyncClient, study: str) -> None:
        self.client = client
        self.study = study

    @classmethod
    async def starts(cls, client: httpx.AsyncClient, pictures: list[str]) -> "Person":
        study = (await client.post("/study/start", json={"own": True})).json()["study"]
        own = [{"uri": uri, "alt": f"holiday {n}.png"} for n, uri in enumerate(pictures)]
        await client.post("/study/pictures", json={"study": study, "pictures": own})
        return cls(client, study)

    async def page(self) -> str:
        return (await self.client.get(f"/study?study={self.study}")).text

    async def post(self, step: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"/study/{step}", json={"study": self.study, **body})

    async def marks(self) -> dict[str, Any]:
        ids = re.findall(r'data-picture="(\w+)"', await self.page())
        for number, picture in enumerate(ids[:10]):
            side = "liked" if number < 5 else "disliked"
            answer = await self.post("mark", picture=picture, side=side)
        marks: dict[str, Any] = answer.json()
        return marks


async def test_a_test_from_the_first_mark_to_the_export(dashboard: Site) -> None:
    Preferstream(dashboard)
    async with dashboard.client("writer") as client:
        person = await Person.starts(client, PICTURES)
        assert (await person.marks()) == {"liked": 5, "disliked": 5, "missing": None}
        first = (await person.post("predict")).text
        sha256 = re.search(r"SHA-256: <code>(\w{64})", first)
        assert sha256 is not None
        assert (await client.get(f"/study/export?study={person.study}")).status_code == 409
        for number in range(30):
            shown = await person.page()  # a reload changes nothing
            assert f'data-number="{number}"' in shown
            answer = await person.post("choose", number=number, side="left")
        assert "of your choices were foreseen" in answer.text
        assert "This process has no image encoder" in answer.text
        exported = (await client.get(f"/study/export?study={person.study}")).json()
        assert exported["sha256"] == sha256[1]
        assert check_export(exported) is None
        assert set(exported["results"]) == {"system", "color_histogram", "popularity", "chance"}
        assert exported["model_version"] == "numbers"
        assert "holiday" not in str(exported)


async def test_an_erased_test_is_gone_with_its_user(dashboard: Site) -> None:
    Preferstream(dashboard)
    async with dashboard.client("writer") as client:
        person = await Person.starts(client, PICTURES)
        await person.marks()
        await person.post("predict")
        assert (await person.post("erase")).status_code == 204
        erased = dashboard.kafka.sent[-1]
        assert isinstance(erased, UserErase)
        assert erased.user_id.startswith("study-")
        assert (await person.post("erase")).status_code == 404
        shown = await client.get(f"/study?study={person.study}", headers={"Accept": "text/html"})
        assert "start a new one" in shown.text


async def test_predictions_need_enough_pictures_and_marks(dashboard: Site) -> None:
    Preferstream(dashboard)
    async with dashboard.client("writer") as client:
        person = await Person.starts(client, PICTURES[:12])
        assert "This test has 12 pictures; 20 are needed. Add 8 more." in await person.page()
        await person.marks()
        refused = await person.post("predict")
        assert (refused.status_code, "Add 8 more" in refused.json()["detail"]) == (409, True)
        assert not dashboard.kafka.sent


async def test_a_system_without_scores_fixes_nothing_and_can_be_asked_again(
    dashboard: Site,
) -> None:
    system = Preferstream(dashboard)
    system.status = "degraded"
    async with dashboard.client("writer") as client:
        person = await Person.starts(client, PICTURES)
        await person.marks()
        assert (await person.post("predict")).status_code == 503
        assert 'data-step="mark"' in await person.page()
        system.status = "ok"
        assert (await person.post("predict")).status_code == 200
        likes = [event for event in dashboard.kafka.sent if isinstance(event, Feedback)]
        assert len(likes) == 10  # sent once


async def test_pictures_that_cannot_be_read_are_named_and_left_out(dashboard: Site) -> None:
    images = dashboard.ops.stores.image_loader
    assert isinstance(images, ColorImages)
    images.refused[PICTURES[3]] = Unprocessable("no_image", "it is no image")
    async with dashboard.client("writer") as client:
        person = await Person.starts(client, PICTURES)
        page = await person.page()
        assert "holiday 3.png: it is no image" in page
        assert "This test has 19 pictures" in page
        foreign = [{"uri": "https://images.example/a.png", "alt": "a"}]
        assert (await person.post("pictures", pictures=foreign)).status_code == 422


async def test_a_picture_is_shown_to_its_test_alone(dashboard: Site) -> None:
    async with dashboard.client("writer") as client:
        person, other = [await Person.starts(client, PICTURES) for _ in range(2)]
        (picture, *_) = re.findall(r'data-picture="(\w+)"', await person.page())
        address = f"/study/picture?study={person.study}&picture={picture}"
        assert (await client.get(address)).headers["content-type"] == "image/webp"
        foreign = address.replace(person.study, other.study)
        assert (await client.get(foreign)).status_code == 404


async def test_a_reader_cannot_start_a_test(dashboard: Site) -> None:
    async with dashboard.client("reader") as client:
        assert (await client.post("/study/start", json={})).status_code == 403
        assert (await client.get("/study")).status_code == 200
