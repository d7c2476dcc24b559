"""Write slates and feedback of a small world into a lake, as the collector writes them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from PIL import Image

from services.assessor.steps.reranking.exploration import Place, fair_pairs
from services.retrain.lake.schema import TABLES, Row, row_of
from services.retrain.lake.table import LakeTable
from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.domain.taste import ELEMENTS
from shared.events import Feedback, ImageCandidates, ProfileUpdated, RankedFeed
from shared.events.types.base import Event
from shared.events.wire.codec import encode
from shared.events.wire.record import Record
from shared.images.loader import LoadedImage, LoadResult
from training.dataset.build import Dataset, build
from training.dataset.settings import DatasetSettings

NOW = system_clock().replace(hour=12, minute=0, second=0, microsecond=0)
SHOWN = NOW - timedelta(days=1)
SMALL = DatasetSettings(replay_share=0.0, held_out_users=0.0, later_share=0.0)
"""All pairs go into `train`, so that a test sees all of them."""


class FakeImages:
    """An image for each URI `mem:NAME`; those whose names start with `gone` are missing."""

    async def load_many(self, uris: Sequence[str]) -> list[LoadResult]:
        return [_image(uri) for uri in uris]

    async def close(self) -> None: ...


def _retrieved(image: str, propensity: float | None) -> dict[str, Any]:
    if propensity is None:
        return {}
    return {"source": "explored", "retrieval_propensity": propensity, "uri": f"mem:{image}"}


def _ruled(kind: str | None) -> dict[str, Any]:
    return {"rules": [{"kind": kind, "name": kind}]} if kind else {}


def _image(uri: str) -> LoadResult:
    name = uri.removeprefix("mem:").split("?")[0]
    if name.startswith("gone"):
        return Unprocessable("not_found", f"{uri} is not there")
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    coarse = Image.fromarray(rng.integers(0, 255, (6, 6, 3), np.uint8))
    pixels = coarse.resize((48, 48), Image.Resampling.BICUBIC)
    return LoadedImage(uri, hashlib.sha256(uri.encode()).hexdigest(), pixels)


@dataclass
class World:
    """Events, collected until they are written."""

    lake: Path
    records: dict[str, list[Row]] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)

    def slate(
        self,
        images: Sequence[str],
        *,
        user: str = "ada",
        tenant: str = "default",
        request: str = "r",
        request_hash: str | None = None,
        at: datetime = SHOWN,
        places: Sequence[Place] | None = None,
        profile_version: int | None = None,
        score: float = 2.5,
        rules: Mapping[str, str] | None = None,
        drawn: Mapping[str, float] | None = None,
    ) -> list[str]:
        """Serve images in this order, or in that of explored `places`; return the shown order.

        `rules` has the kind of the shop's rule that moved an image.
        """
        chance = places or fair_pairs(len(images), share=0, seed=UUID(int=0))
        shown = [images[place.origin] for place in chance]
        self.add(
            ImageCandidates,
            at,
            user_id=user,
            tenant=tenant,
            request_id=request,
            candidates=[{"image_id": i, "uri": f"mem:{i}"} for i in images if not drawn],
            **({"from_catalog": {}} if drawn else {}),
        )
        self.add(
            RankedFeed,
            at,
            user_id=user,
            tenant=tenant,
            event_id=str(derived_id("feed", tenant, user, request, request_hash)),
            request_id=request,
            request_hash=request_hash,
            status="ok",
            model_version="m",
            profile_version=profile_version,
            items=[
                {
                    "image_id": image,
                    "rank": rank,
                    "score": score * 5,
                    "elements": {e.value: {"score": score} for e in ELEMENTS},
                    "propensity": place.propensity,
                    "explored": place.explored,
                    "tier": "vlm",
                    **_retrieved(image, (drawn or {}).get(image)),
                    **_ruled((rules or {}).get(image)),
                }
                for rank, (image, place) in enumerate(zip(shown, chance, strict=True), start=1)
            ],
        )
        return shown

    def act(
        self,
        kind: str,
        *images: str,
        user: str = "ada",
        request: str | None = "r",
        at: datetime = SHOWN + timedelta(minutes=1),
        **fields: Any,
    ) -> None:
        for image in images:
            self.add(
                Feedback, at, user_id=user, type=kind, image_id=image, request_id=request, **fields
            )

    def profile(self, version: int, *, likes: Mapping[str, str], user: str = "ada") -> None:
        words = {e: [{"word": word, "weight": 1.0, "count": 1}] for e, word in likes.items()}
        self.add(
            ProfileUpdated,
            SHOWN - timedelta(days=1),
            user_id=user,
            profile_version=version,
            preference=words,
            non_preference={},
            evidence={"liked": 1, "disliked": 0},
            model_version="m",
        )

    def add(self, kind: type[Event], at: datetime, **fields: Any) -> None:
        payload = {"event_id": str(uuid4()), "occurred_at": at.isoformat(), **fields}
        value = encode(kind.model_validate_json(json.dumps(payload))).value
        self.raw(kind, value, at)

    def raw(self, kind: type[Event], value: bytes | None, at: datetime = SHOWN) -> None:
        (table,) = (t for t in TABLES if t.topic.event is kind)
        offset = self.offsets.get(table.name, 0)
        self.offsets[table.name] = offset + 1
        record = Record(table.topic.name, 0, offset, int(at.timestamp() * 1000), None, value)
        self.records.setdefault(table.name, []).append(row_of(table, record, now=NOW))

    def write(self) -> None:
        """Append all new events to the lake in one commit."""
        for table in TABLES:
            rows = self.records.pop(table.name, [])
            if rows:
                opened = LakeTable(str(self.lake), table)
                opened.prepare()
                begins = opened.offsets([0]).get(0)
                opened.append(rows, {0: self.offsets[table.name]}, after={0: begins})

    def build(self, folder: Path, settings: DatasetSettings = SMALL) -> Dataset:
        self.write()
        return build(str(self.lake), folder, FakeImages(), now=NOW, settings=settings)
