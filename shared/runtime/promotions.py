"""Serve the models that `model.promoted.v1` announces, at the start and while the process runs."""

import asyncio
import logging
from collections import defaultdict

from shared.domain.errors import Unprocessable
from shared.events import ModelPromoted
from shared.events.topics import MODELS
from shared.events.types.model import CHALLENGER
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.contract import Delivery
from shared.messaging.read.tail import tail
from shared.messaging.service import KafkaService
from shared.runtime.model_metrics import ModelMetrics
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.model_selection import PromotedModel, ServingModels

log = logging.getLogger(__name__)
PROMOTIONS_READ_AT_START = 1_000
"""Latest promotions of a partition that are read at the start: years of nightly training jobs."""


class Promotions:
    """Applies promotions to the models of this process."""

    def __init__(self, models: ServingModels) -> None:
        self._models = models
        self._next: dict[int, int] = defaultdict(int)
        """First offset of each partition after those that were read at the start."""

    async def catch_up(self, messaging: MessagingSettings) -> None:
        """Serve the latest promotion before the first request; raises `Unavailable`.

        If the promoted model cannot be loaded, the one promoted before it serves, at last the
        release.
        """
        records = await asyncio.to_thread(
            lambda: list(tail(messaging, MODELS, max_per_partition=PROMOTIONS_READ_AT_START))
        )
        for record in records:
            self._next[record.partition] = max(self._next[record.partition], record.offset + 1)
        for events in self._by_key(records).values():
            await self._newest_that_loads(events)

    async def apply(self, event: ModelPromoted, delivery: Delivery) -> None:
        """Apply a promotion while serving; raises `Unprocessable` if it cannot be served."""
        if delivery.record.offset < self._next[delivery.record.partition]:
            return
        try:
            await self._serve(event)
        except BadCheckpoint as error:
            champion = self._models.champion.model_version
            raise Unprocessable("broken_model", f"{error}; {champion} still serves") from error

    def _by_key(self, records: list[Record]) -> dict[str, list[ModelPromoted]]:
        """Promotions by record key (champion and challenger apart), newest first."""
        promotions: dict[str, list[ModelPromoted]] = {}
        for record in sorted(records, key=lambda r: (r.partition, r.offset), reverse=True):
            try:
                event = decode(MODELS, record)
            except Unprocessable as error:
                log.warning("%s is skipped: %s", record.source, error)
                continue
            assert isinstance(event, ModelPromoted)
            promotions.setdefault(event.key, []).append(event)
        return promotions

    async def _newest_that_loads(self, events: list[ModelPromoted]) -> None:
        for event in events:
            try:
                await self._serve(event)
            except BadCheckpoint as error:
                log.error("%s cannot be served: %s", event.model_version, error)
                if event.variant == CHALLENGER:
                    return
            else:
                return

    async def _serve(self, event: ModelPromoted) -> None:
        announced = PromotedModel(event.model_version, event.adapter_uri, event.adapter_sha256)
        if event.user_id == self._models.name:
            await self._models.promote(announced)
        elif event.user_id == challenger_key(self._models.name):
            await self._models.set_challenger(
                announced, canary_share=event.canary_share, shadow_share=event.shadow_share
            )
        else:
            log.info("%s is not the model of this process; the event is ignored", event.user_id)


def challenger_key(name: str) -> str:
    """The `user_id`, and so the record key, of promotions of a challenger."""
    return f"{name}#{CHALLENGER}"


async def follow_promotions(
    kafka: KafkaService, models: ServingModels, messaging: MessagingSettings
) -> None:
    """Serve the latest promotion, and apply later ones as they come; raises `Unavailable`."""
    ModelMetrics(models, kafka.registry)
    promotions = Promotions(models)
    await promotions.catch_up(messaging)
    kafka.every_instance(MODELS, promotions.apply)
