"""Define the tools: rank, explain, read and correct a taste, send feedback."""

from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

from services.mcp.explanation import sentences
from services.mcp.gateway import Gateway, segment
from services.mcp.results import Done, Explanation, Feed, SimilarImages, Taste
from shared.domain.corrections import SideName, Word
from shared.domain.images.catalog_filter import CatalogFilter
from shared.domain.subjects.element import ProfileElement
from shared.events import RankedFeed
from shared.events.types.candidates import MAX_CANDIDATES
from shared.events.types.catalog import Cursor
from shared.events.types.feedback import Action
from shared.events.types.fields import Identifier, ImageUri

READS: Final = ToolAnnotations(readOnlyHint=True, openWorldHint=False)
WRITES: Final = ToolAnnotations(readOnlyHint=False, destructiveHint=False, openWorldHint=False)
MAX_ACTIONS: Final = 500

UserId = Annotated[Identifier, Field(description="The user, by the app's own id.")]
Tenant = Annotated[
    Identifier | None,
    Field(description="The app's tenant. Leave it out for that of the token, or `default`."),
]
RequestId = Annotated[Identifier, Field(description="`request_id` of a feed of this user.")]
ImageId = Annotated[Identifier, Field(description="The image, by the app's own id.")]
Element = Annotated[
    ProfileElement,
    Field(
        description="art_style, color, medium, saturation, detail, or subject (what images show)."
    ),
]


class ImageToRank(BaseModel):
    """An image to rank."""

    image_id: Identifier
    uri: ImageUri
    """Its address: https, s3, data, or a file that the system may read."""
    author_id: Identifier | None = None


class UserAction(BaseModel):
    """What a user did with an image."""

    type: Action
    image_id: Identifier
    uri: ImageUri | None = None
    request_id: Identifier | None = None
    position: int | None = None
    dwell_ms: int | None = None


def add_tools(server: MCPServer[Any], gateway: Gateway) -> None:
    """Add all tools to a server; each calls the gateway with the caller's token."""
    _add_feeds(server, gateway)
    _add_reading(server, gateway)
    _add_writing(server, gateway)


def token_of(context: Context[Any, Any]) -> str | None:
    """The bearer token of a call over HTTP; None over stdio."""
    scheme, _, token = (context.headers or {}).get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _add_feeds(server: MCPServer[Any], gateway: Gateway) -> None:
    @server.tool(annotations=WRITES)
    async def rank_images(
        context: Context[Any, Any],
        user_id: UserId,
        images: Annotated[
            list[ImageToRank] | None,
            Field(
                description="1-300 images to rank. Leave it out to find images in the catalog.",
                max_length=MAX_CANDIDATES,
            ),
        ] = None,
        similar_to: Annotated[
            Identifier | None,
            Field(description="Catalog only: find images that resemble this one."),
        ] = None,
        filter: Annotated[
            CatalogFilter | None, Field(description="Catalog only: conditions on the images.")
        ] = None,
        cursor: Annotated[
            Cursor | None, Field(description="Catalog only: `next_cursor` of the page before.")
        ] = None,
        top_k: Annotated[
            int, Field(description="Largest number of images to return.", ge=1, le=MAX_CANDIDATES)
        ] = 20,
        tenant: Tenant = None,
    ) -> Feed:
        """Rank images by the taste of a user, best first.

        Send images, or leave them out to find and rank images of the catalog. Needs a token with
        the role `write`.
        """
        body: dict[str, Any] = {"tenant": tenant, "top_k": top_k}
        if images is not None:
            if similar_to is not None or filter is not None or cursor is not None:
                raise ToolError(
                    "similar_to, filter and cursor are for the catalog; leave them out, or leave"
                    " out images"
                )
            path = "/v1/candidates"
            listed = [image.model_dump(exclude_none=True) for image in images]
            body |= {"user_id": user_id, "candidates": listed}
        else:
            path = f"/v1/users/{segment(user_id)}/feed"
            wanted = None if filter is None else filter.model_dump(mode="json", exclude_none=True)
            body |= {"similar_to": similar_to, "filter": wanted, "cursor": cursor}
        status, payload = await gateway.post(
            path, body, token=token_of(context), wait_seconds=gateway.wait_seconds
        )
        return _feed(status, payload, user_id)

    @server.tool(annotations=READS)
    async def read_feed(
        context: Context[Any, Any], user_id: UserId, request_id: RequestId, tenant: Tenant = None
    ) -> Feed:
        """Read a feed of a user again, or a feed that was pending."""
        return _feed(*await _read(context, user_id, request_id, tenant), user_id)

    @server.tool(annotations=READS)
    async def explain_rank(
        context: Context[Any, Any],
        user_id: UserId,
        request_id: RequestId,
        image_id: ImageId,
        tenant: Tenant = None,
    ) -> Explanation:
        """Say why an image of a feed is where it is: scores, words, references and rules."""
        status, payload = await _read(context, user_id, request_id, tenant)
        if status == 202:
            raise ToolError(f"the feed {request_id!r} is not ready; call this tool again later")
        feed = RankedFeed.model_validate(payload)
        for item in feed.items:
            if item.image_id == image_id:
                return Explanation(
                    image_id=image_id,
                    rank=item.rank,
                    images=len(feed.items),
                    reasons=sentences(item, feed),
                )
        for rejected in feed.rejected:
            if rejected.image_id == image_id:
                raise ToolError(f"{image_id!r} has no rank: {rejected.reason}")
        raise ToolError(
            f"{image_id!r} is not in the feed {request_id!r}; `read_feed` lists its images"
        )

    async def _read(
        context: Context[Any, Any], user_id: str, request_id: str, tenant: str | None
    ) -> tuple[int, dict[str, Any]]:
        return await gateway.get(
            "/v1/feeds",
            token=token_of(context),
            user_id=user_id,
            request_id=request_id,
            tenant=tenant,
        )


def _add_reading(server: MCPServer[Any], gateway: Gateway) -> None:
    @server.tool(annotations=READS)
    async def similar_images(
        context: Context[Any, Any],
        image_id: ImageId,
        limit: Annotated[int, Field(description="Number of images.", ge=1, le=300)] = 10,
        tenant: Tenant = None,
    ) -> SimilarImages:
        """Find images of the catalog that look like one of its images, for all users alike."""
        path = f"/v1/images/{segment(image_id)}/similar"
        _, payload = await gateway.get(path, token=token_of(context), limit=limit, tenant=tenant)
        return SimilarImages.of(payload)

    @server.tool(annotations=READS)
    async def read_taste(
        context: Context[Any, Any], user_id: UserId, tenant: Tenant = None
    ) -> Taste:
        """Read what a user likes and dislikes, in words with weights."""
        path = f"/v1/profiles/{segment(user_id)}"
        _, payload = await gateway.get(path, token=token_of(context), tenant=tenant)
        return Taste.of(payload)


def _add_writing(server: MCPServer[Any], gateway: Gateway) -> None:
    async def correct(
        context: Context[Any, Any], user_id: str, correction: dict[str, Any], note: str
    ) -> Done:
        path = f"/v1/profiles/{segment(user_id)}/corrections"
        _, payload = await gateway.post(path, correction, token=token_of(context))
        return Done(event_ids=[payload["event_id"]], note=note)

    @server.tool(annotations=WRITES)
    async def pin_word(
        context: Context[Any, Any],
        user_id: UserId,
        element: Element,
        word: Annotated[Word, Field(description="The word to keep, such as `watercolor`.")],
        side: Annotated[
            SideName, Field(description="Whether the user likes (preference) or dislikes it.")
        ] = "preference",
        tenant: Tenant = None,
    ) -> Done:
        """Keep a word in the taste of a user, whatever the predictions say.

        Only at the user's own wish. Needs a token with the role `write`.
        """
        body = {"action": "pin", "element": element, "word": word, "side": side, "tenant": tenant}
        note = f"{word!r} stays in the taste until it is vetoed or reset"
        return await correct(context, user_id, body, note)

    @server.tool(annotations=WRITES)
    async def veto_word(
        context: Context[Any, Any],
        user_id: UserId,
        element: Element,
        word: Annotated[Word, Field(description="The word to exclude.")],
        side: Annotated[
            SideName | None, Field(description="Leave it out for likes and dislikes.")
        ] = None,
        tenant: Tenant = None,
    ) -> Done:
        """Exclude a word from the taste of a user, whatever the predictions say.

        Only at the user's own wish. Needs a token with the role `write`.
        """
        body = {"action": "veto", "element": element, "word": word, "side": side, "tenant": tenant}
        note = f"{word!r} stays out of the taste until it is pinned or reset"
        return await correct(context, user_id, body, note)

    @server.tool(annotations=WRITES)
    async def send_feedback(
        context: Context[Any, Any],
        user_id: UserId,
        actions: Annotated[
            list[UserAction],
            Field(
                description="In the order in which they happened. Give `request_id` of the feed"
                " that showed the image; an image that no feed has ranked needs its `uri`.",
                min_length=1,
                max_length=MAX_ACTIONS,
            ),
        ],
        tenant: Tenant = None,
    ) -> Done:
        """Send what a user did with images: view, click, dwell, like, dislike, hide.

        The taste is learned from it. Needs a token with the role `write`.
        """
        listed = [action.model_dump(mode="json", exclude_none=True) for action in actions]
        body = {"user_id": user_id, "actions": listed, "tenant": tenant}
        _, payload = await gateway.post("/v1/feedback", body, token=token_of(context))
        note = "the taste changes within seconds; read it with `read_taste`"
        return Done(event_ids=payload["event_ids"], note=note)


def _feed(status: int, payload: dict[str, Any], user_id: str) -> Feed:
    if status == 202:
        pending: Literal["pending"] = "pending"
        note = "not ready yet; call `read_feed` later"
        return Feed(user_id=user_id, request_id=payload["request_id"], status=pending, note=note)
    return Feed.of(RankedFeed.model_validate(payload))
