"""Settings of the image loader: allowed sources and limits of one image."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

DecodablePixels = Annotated[int, Field(gt=0, le=178_000_000)]
"""Pillow itself refuses more pixels."""


class ImageSettings(BaseModel):
    """Limits for every image, whatever its source."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    allowed_file_roots: tuple[Path, ...] = ()
    """Folders below which `file:` images may be read, after symbolic links are resolved; none by
    default, since any client may write an event. A colon in a name is written `\\:`."""
    max_image_bytes: PositiveInt = 32 * 1024 * 1024
    """Bytes of one encoded image. A camera's JPEG has about 10 MB, and a stitched one of 144
    megapixels about 25 MB."""
    max_image_pixels: DecodablePixels = 50_000_000
    """Pixels of one PNG, WebP, GIF or BMP, read from its header before decoding, which stops a
    decompression bomb. 50 million pixels take 60 to 420 MB for a moment, and 890 MB as a WebP;
    large images are decoded one after another."""
    max_jpeg_pixels: DecodablePixels = 150_000_000
    """Pixels of one JPEG. It is scaled down while it is decoded, so a photograph of 12,000 x 12,000
    pixels takes 30 MB."""
    max_progressive_bytes: PositiveInt = 512 * 1024 * 1024
    """Memory for the coefficients of one progressive JPEG, of which all pixels arrive several
    times: 3 bytes a pixel with the usual subsampling of colors, 6 bytes without."""
    max_image_side: PositiveInt = 1024
    """Longest side, in pixels, that is kept in memory; models use less."""
    max_image_wait_seconds: PositiveFloat = 4.0
    """Seconds from the request for an image to its last byte, redirects included."""
    image_concurrency: PositiveInt = 8
    """Images that are fetched at the same time from one host for one user or request, and half as
    many more from other hosts."""
    image_host_concurrency: PositiveInt = 32
    """Images that are fetched from one host at the same time, for all users together."""
    image_web_concurrency: PositiveInt = 512
    """Images that one service fetches from hosts and from S3 at the same time. A connection to a
    slow host costs little, and many keep slow hosts from delaying the others."""
    image_decode_concurrency: NonNegativeInt = 0
    """Images that one service decodes at the same time for one user or request, and twice as many
    for all. Images of more than 4 million pixels have separate places, half of this number. 0 means
    one for each core, at least 2 and at most 8."""
    image_circuit_failures: PositiveInt = 5
    """Failures in a row (no connection, a time-out, a status of 500 or more) after which a host is
    left alone for a while; its images then fail at once."""
    image_circuit_open_seconds: PositiveFloat = 10.0
    """Seconds for which a failing host is left alone; then one image is tried."""
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

    @model_validator(mode="after")
    def _no_folder_is_cut_at_its_colon(self) -> Self:
        for first, second in pairwise(self.allowed_file_roots):
            whole = Path(f"{first}:{second}")
            if whole.is_dir() and not (first.is_dir() and second.is_dir()):
                raise ValueError(
                    f"colons separate the folders of allowed_file_roots, and {whole} has one in its"
                    " name; write a backslash before it"
                )
        return self
