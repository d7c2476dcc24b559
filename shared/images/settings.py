"""Settings of the image loader: allowed sources and limits of one image."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, PositiveInt


class ImageSettings(BaseModel):
    """Limits for every image, whatever its source."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    allowed_file_roots: tuple[Path, ...] = ()
    """Folders below which `file:` images may be read, after symbolic links are resolved; none by
    default, since any client may write an event."""
    max_image_bytes: PositiveInt = 20 * 1024 * 1024
    """Bytes of one encoded image; a camera's JPEG has about 10 MB."""
    max_image_pixels: PositiveInt = 50_000_000
    """Pixels of one image, read from its header before decoding, which stops a decompression bomb.
    50 million pixels take 150 MB for a moment."""
    max_image_side: PositiveInt = 1024
    """Longest side, in pixels, that is kept in memory; models use less."""
    max_image_wait_seconds: PositiveFloat = 4.0
    """Seconds from the request for an image to its last byte, redirects included."""
    image_concurrency: PositiveInt = 8
    """Images that one service fetches or decodes at the same time; each may hold a whole image."""
    max_image_redirects: NonNegativeInt = 3
    """Redirects followed for one image; each address is checked like the first one."""
    allow_private_addresses: bool = False
    """Whether https images may be at private, loopback and link-local addresses. Otherwise an event
    could make us read an intranet or a cloud's metadata service."""
    allow_http: bool = False
    """Whether plain `http:` images are read as well as `https:`, as tests and intranets need:
    anyone on the network path could replace them."""
    s3_endpoint: str | None = None
    """Address of an S3-compatible store; without it, Amazon's. Credentials come from the usual
    sources of S3 clients: environment, profile or role."""
    s3_anonymous: bool = False
    """Whether S3 is read without credentials, for public buckets."""
