"""Search the catalog by a picture that the browser sends; the picture is not stored."""

from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.ops.catalog.reading import serving
from services.ops.catalog.similar import images_like
from services.ops.context import Context
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from services.ops.pages.catalog.browse import SHOWN, Results
from services.ops.pages.catalog.tiles import similar_tiles
from services.ops.pages.rendering.templates import render
from shared.events.types.fields import Identifier, ImageUri
from shared.store.catalog.queries import CatalogSelection

router = APIRouter()
NOTE: Final = "No image is indexed yet."


class PictureSearch(BaseModel):
    """A picture as a `data:` address, and the tenant whose images are searched."""

    model_config = ConfigDict(frozen=True)

    uri: ImageUri
    tenant: Identifier | None = None


@router.post("/catalog/search")
async def search(
    http: Request, ops: Context, principal: Reader, picture_search: PictureSearch
) -> Response:
    """Return the tiles of the images that resemble the picture."""
    tenant = tenant_for(principal, picture_search.tenant)
    if not picture_search.uri.startswith("data:"):
        raise Problem(422, "no-picture", "Send the picture itself as a data: address.")
    catalog = await serving(ops)
    encoded, catalogs = ops.stores.encoded_images, ops.stores.catalogs
    if encoded is None or catalogs is None:
        raise Problem(
            409, "no-encoder", "This process has no image encoder; search by an image of the"
            " catalog instead.",
        )  # fmt: skip
    if (await catalogs.serving_space()).encoder != encoded.space:
        raise Problem(
            409, "other-encoder", "The catalog still serves the vectors of another image encoder;"
            " search by a picture again when the indexing has ended.",
        )  # fmt: skip
    loaded = await ops.stores.image_loader.load(picture_search.uri)
    vector = await encoded.encode_one(loaded.pixels)
    hits = await images_like(
        catalog,
        CatalogSelection(tenant, available_at=ops.clock(), indexed_only=True),
        vector,
        limit=SHOWN,
    )
    results = Results("Images similar to your picture", similar_tiles(hits), note=NOTE)
    return render(http, "catalog/_results.html", results=results, user=None)
