"""Browse the catalog, and search it by words, by an image, or by a user's taste."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.catalog.reading import Listing, page_of, serving, stored_image
from services.ops.catalog.similar import similar_images
from services.ops.catalog.taste_search import taste_search
from services.ops.catalog.word_search import phrases_of, search_by_words
from services.ops.context import Context, OpsContext
from services.ops.http.problems import Problem
from services.ops.pages.catalog.catalog_ref import OptionalId, PageTenant, address
from services.ops.pages.catalog.progress import progress_of
from services.ops.pages.catalog.tiles import (
    Tile,
    similar_tiles,
    taste_tiles,
    tile,
    word_tiles,
)
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.user_ref import UserRef
from shared.domain.images.catalog_filter import CatalogFilter
from shared.domain.images.image_key import ImageKey
from shared.events import DEFAULT_TENANT
from shared.store.catalog.protocol import CatalogStore

router = APIRouter()
SHOWN: Final = 48
STATUSES: Final = ("indexed", "waiting", "failed")


@dataclass(frozen=True)
class Results:
    """The tiles of a page, and what they are."""

    title: str
    tiles: list[Tile]
    next: str | None = None
    """Address of the next page."""
    note: str = ""
    """Why there are no tiles."""


@router.get("/catalog")
async def catalog(
    http: Request,
    ops: Context,
    tenant: PageTenant,
    words: Annotated[str | None, Query(max_length=300)] = None,
    like: OptionalId = None,
    user: OptionalId = None,
    tag: OptionalId = None,
    author: OptionalId = None,
    status: Annotated[str | None, Query(max_length=16)] = None,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Show images: all of them page by page, or the results of one search."""
    chosen_status = next((name for name in STATUSES if name == status), None)
    conditions = CatalogFilter(
        tags_any=(tag,) if tag else (), author_ids=(author,) if author else ()
    )
    listing = Listing(tenant, conditions, chosen_status)
    store = await serving(ops)
    if words and words.strip():
        results = await _by_words(ops, store, listing, words)
    elif like:
        results = await _by_image(ops, store, listing, like)
    elif user:
        results = await _by_taste(ops, store, listing, user)
    else:
        results = await _browse(store, listing, after, tag=tag or "", author=author or "")
    return render(
        http, "catalog/page.html",
        results=results, tenant=tenant, default=DEFAULT_TENANT, statuses=STATUSES,
        words=words or "", like=like or "", user=UserRef(user, tenant) if user else None,
        tag=tag or "", author=author or "", chosen_status=chosen_status or "",
        progress=await progress_of(ops, tenant), can_encode=ops.stores.encoded_images is not None,
    )  # fmt: skip


async def _browse(
    store: CatalogStore, listing: Listing, after: str | None, **conditions: str
) -> Results:
    page = await page_of(store, listing, after=after, limit=SHOWN)
    given = {name: value for name, value in conditions.items() if value}
    if listing.status:
        given["status"] = listing.status
    following = address("/catalog", listing.tenant, **given, after=page.next) if page.next else None
    note = "" if page.images else "No image matches these conditions."
    if not page.images and not given and after is None:
        note = "The catalog is empty. Publish images with `preferstream catalog add FOLDER`."
    return Results("Images", [tile(image) for image in page.images], following, note)


async def _by_words(ops: OpsContext, store: CatalogStore, listing: Listing, words: str) -> Results:
    if ops.stores.embedder is None:
        raise Problem(409, "no-embedder", "This process cannot embed words.")
    phrases = phrases_of(words)
    hits = await search_by_words(
        store, listing.selection, phrases, ops.stores.embedder, limit=SHOWN
    )
    title = f"Images with words like {', '.join(phrases)}"
    return Results(title, word_tiles(hits), note="No indexed image matches these conditions.")


async def _by_image(
    ops: OpsContext, store: CatalogStore, listing: Listing, image_id: str
) -> Results:
    image = await stored_image(store, ImageKey(listing.tenant, image_id))
    hits = await similar_images(
        store, image, filter=listing.filter, available_at=ops.clock(), limit=SHOWN
    )
    return Results(
        f"Images similar to {image_id}", similar_tiles(hits), note="No other image is indexed."
    )


async def _by_taste(
    ops: OpsContext, store: CatalogStore, listing: Listing, user_id: str
) -> Results:
    title = f"Images for {user_id}"
    search = await taste_search(ops, tenant=listing.tenant, user_id=user_id)
    if search is None:
        return Results(title, [], note="This user has no profile yet.")
    hits = await search.best(store, listing.selection, limit=SHOWN)
    return Results(title, taste_tiles(hits), note="No image is near the words of this taste.")
