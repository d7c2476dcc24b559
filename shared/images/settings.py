"""Where images may come from, and how much of one we are willing to take."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, PositiveInt


class ImageSettings(BaseModel):
    """Limits that hold for every image, whoever sent its address."""

    model_config = ConfigDict(frozen=True)

    allowed_file_roots: tuple[Path, ...] = ()
    """Folders below which `file:` images may be read, after links are resolved; none by default,
    since an event may come from anybody."""
    max_image_bytes: PositiveInt = 20 * 1024 * 1024
    """Bytes of one encoded image; a camera's JPEG has about 10 MB."""
    max_image_pixels: PositiveInt = 50_000_000
    """Pixels of one image, read from its header before decoding: a decompression bomb is stopped
    there. 50 million take 150 MB for a moment."""
    max_image_side: PositiveInt = 1024
    """Longest side, in pixels, that is kept in memory; models look at less."""
    max_image_wait_seconds: PositiveFloat = 4.0
    """Seconds from asking for an image to having all of its bytes, redirects included."""
    images_at_once: PositiveInt = 8
    """Images being fetched or decoded at a time in one service; each may hold a whole image."""
    max_image_redirects: NonNegativeInt = 3
    """Redirects followed for one image; each address is checked like the first."""
    allow_private_addresses: bool = False
    """Whether https images may lie at private, loopback and link-local addresses. An event could
    otherwise make us read an intranet or a cloud's metadata service."""
    allow_http: bool = False
    """Whether plain `http:` images are read as well as `https:`, as tests and intranets need:
    anybody on the way could exchange them."""
    s3_endpoint: str | None = None
    """Address of an S3-compatible store; without it, Amazon's. Credentials come as they do for
    every S3 client: environment, profile or role."""
    s3_anonymous: bool = False
    """Whether S3 is asked without credentials, for public buckets."""
