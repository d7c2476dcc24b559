"""Open what the services of one process share: model, text embedder, stores and image loader."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from qdrant_client import AsyncQdrantClient

from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.factory import open_image_encoder
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.images.settings import SubjectSettings
from shared.embedding.minilm import MiniLM
from shared.embedding.protocol import Embedder
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.runtime.open_files import raise_open_files_limit
from shared.runtime.recent.images import RecentImages
from shared.runtime.recent.vectors import RecentVectors
from shared.store.catalog.serving import Catalogs, QdrantCatalogs
from shared.store.catalog.spaces import CatalogSpace
from shared.store.erasures import QdrantErasures
from shared.store.image_vectors import QdrantImageVectors
from shared.store.images import QdrantImages
from shared.store.impressions import QdrantImpressions
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ErasureStore, ImageStore, ImpressionStore, ProfileStore
from shared.store.qdrant import open_qdrant
from shared.store.removal.contents import QdrantContents
from shared.store.removal.image_removal import ImageRemoval
from shared.store.removal.qdrant_removed_images import QdrantRemovedImages
from shared.store.removal.removal_check import RemovalCheck
from shared.store.sessions.cursor_keys import Cursors
from shared.store.sessions.pages import FeedSessionStore
from shared.store.sessions.qdrant_sessions import QdrantFeedSessions
from shared.store.settings import StoreSettings
from shared.store.user_list import QdrantUsers, UserStore
from shared.vlm.background_work import BackgroundWork
from shared.vlm.factory import open_engine
from shared.vlm.model_selection import ServingModels
from shared.vlm.settings import ModelSettings


@dataclass(frozen=True)
class SharedDependencies:
    """The open dependencies."""

    models: ServingModels
    embedder: Embedder
    profiles: ProfileStore
    users: UserStore
    image_store: ImageStore
    impressions: ImpressionStore
    erasures: ErasureStore
    image_loader: ImageLoader
    encoded_images: EncodedImages | None = None
    """None while images are ranked by their look alone."""
    catalogs: Catalogs | None = None
    """None without an image encoder: the catalog needs the vectors of its images."""
    removal_check: RemovalCheck | None = None
    """Which images of the catalog are removed; None only in tests."""
    image_removal: ImageRemoval | None = None
    """Removes images from the store; None only in tests."""
    feed_sessions: FeedSessionStore | None = None
    """What the pages of feeds have shown; None only in tests."""
    cursors: Cursors | None = None
    """Signs the cursors of feeds; None only in tests."""
    recent_images: RecentImages | None = None
    """The image store again, which announces the contents of removed images; None only in tests."""


@asynccontextmanager
async def open_dependencies(
    *,
    model: ModelSettings,
    store: StoreSettings,
    images: ImageSettings,
    subject: SubjectSettings,
    image_encoder: ImageEncoderSettings,
    on_progress: Callable[[str], None] = lambda step: None,
) -> AsyncIterator[SharedDependencies]:
    """Open all dependencies and close them at the end.

    Raises `Unavailable`, `BadCheckpoint` and `BadEncoder`.
    """
    on_progress("loading the model")
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(model))
        release = await asyncio.to_thread(engine.load_release)
        models = ServingModels(
            release,
            name=engine.name,
            loader=engine,
            background=BackgroundWork(model.background_pace),
        )
        embedder = MiniLM()
        # The first embedding takes seconds; it runs in the background during the start.
        embedder.warm()
        encoder = None
        if subject.subject_ranking:
            on_progress("loading the image encoder")
            encoder = await stack.enter_async_context(open_image_encoder(image_encoder))
        on_progress("opening the store")
        client = open_qdrant(store)
        raise_open_files_limit()
        image_loader = ImageLoader(images)
        encoded_images: EncodedImages | None = None
        try:
            profiles = QdrantProfiles(client, embedder=embedder.name)
            stored_images = QdrantImages(client, embedder=embedder.name)
            await profiles.prepare(dimension=embedder.dimension)
            await stored_images.prepare(dimension=embedder.dimension)
            recent_bytes = store.recent_images_mb * 2**20 // 2
            image_store = RecentImages(stored_images, max_bytes=recent_bytes)
            impressions = QdrantImpressions(client)
            await impressions.prepare()
            erasures = QdrantErasures(client)
            await erasures.prepare()
            users = QdrantUsers(client, collection=profiles.collection)
            removed_images = QdrantRemovedImages(client)
            await removed_images.prepare()
            feed_sessions = QdrantFeedSessions(client)
            await feed_sessions.prepare()
            cursors = Cursors(client, store.feed_cursor_key)
            await cursors.prepare()
            catalogs = None
            if encoder is not None:
                vectors = await _image_vectors(client, encoder, recent_bytes)
                image_store.on_forget(vectors.forget_contents)
                encoded_images = EncodedImages(encoder, vectors)
                image_store.on_forget(encoded_images.forget_words)
                catalogs = QdrantCatalogs(client, _space(encoder, embedder))
                await catalogs.prepare()
            removal_check = RemovalCheck(removed_images)
            removal_check.on_removal(image_store.forget_image)
            yield SharedDependencies(
                models,
                embedder,
                profiles,
                users,
                image_store,
                impressions,
                erasures,
                image_loader,
                encoded_images,
                catalogs,
                removal_check,
                ImageRemoval(removed_images, image_store, QdrantContents(client)),
                feed_sessions,
                cursors,
                image_store,
            )
        finally:
            if encoded_images is not None:
                await encoded_images.close()
            await image_loader.close()
            await client.close()
            embedder.close()


def _space(encoder: ImageEncoder, embedder: Embedder) -> CatalogSpace:
    return CatalogSpace(
        encoder=encoder.name,
        image_dimension=encoder.dimension,
        embedder=embedder.name,
        word_dimension=embedder.dimension,
    )


async def _image_vectors(
    client: AsyncQdrantClient, encoder: ImageEncoder, recent_bytes: int
) -> RecentVectors:
    store = QdrantImageVectors(client, encoder=encoder.name, dimension=encoder.dimension)
    await store.prepare()
    return RecentVectors(store, dimension=encoder.dimension, max_bytes=recent_bytes)
