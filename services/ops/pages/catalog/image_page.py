"""The page of one image: publication, words, state, similar images, score for a user, audience."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.ops.catalog.reading import audience_of, serving, stored_image
from services.ops.catalog.similar import similar_images
from services.ops.catalog.taste_search import TasteHit, taste_search
from services.ops.context import Context, OpsContext
from services.ops.http.middleware.authentication import Writer
from services.ops.pages.catalog.catalog_ref import OptionalId, PageImage
from services.ops.pages.catalog.tiles import similar_tiles, taste_bars, tile
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.user_ref import UserRef
from shared.domain.images.catalog_filter import EVERY_IMAGE, is_available
from shared.images.display_name import short
from shared.store.catalog.images import IMAGE_VECTOR, StoredImage
from shared.store.catalog.protocol import CatalogStore

router = APIRouter()
SIMILAR: Final = 12


@router.get("/catalog/image")
async def image_page(
    http: Request, ops: Context, image: PageImage, user: OptionalId = None
) -> Response:
    store = await serving(ops)
    stored = await stored_image(store, image)
    has_vector = IMAGE_VECTOR in (await store.vectors([image])).get(image, {})
    now = ops.clock()
    hits = (
        await similar_images(store, stored, filter=EVERY_IMAGE, available_at=now, limit=SIMILAR)
        if has_vector
        else []
    )
    score = await _score(ops, store, stored, user) if user else None
    return render(
        http, "catalog/image.html",
        image=stored, tile=tile(stored), address=short(stored.entry.uri),
        is_available=is_available(stored.entry, at=now), similar=similar_tiles(hits),
        user=UserRef(user, image.tenant) if user else None, score=score,
        bars=taste_bars(score) if score else (),
    )  # fmt: skip


@router.get("/catalog/audience")
async def audience(http: Request, ops: Context, principal: Writer, image: PageImage) -> Response:
    """Return the part of the page that names the users whose taste the image meets."""
    store = await serving(ops)
    users = await audience_of(ops, store, await stored_image(store, image))
    return render(
        http, "catalog/_audience.html",
        users=[(UserRef(scored.user_id, image.tenant), scored.score) for scored in users],
        page=tile(await stored_image(store, image)).page,
    )  # fmt: skip


async def _score(
    ops: OpsContext, store: CatalogStore, stored: StoredImage, user_id: str
) -> TasteHit | None:
    """The score of the image for one user; None without a profile or without words."""
    key = stored.entry.key
    search = await taste_search(ops, tenant=key.tenant, user_id=user_id)
    return search.scored(stored, (await store.vectors([key])).get(key, {})) if search else None
