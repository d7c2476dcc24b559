"""Recognize the type of a file from its first bytes, for refusals, names and `data:` addresses."""

import base64
import re
from collections.abc import Mapping
from typing import Final

from shared.images.decoding.encoded_image import Format

ACCEPTED: Final = "PNG, JPEG, WebP, GIF and BMP are accepted"
ACCEPTED_STARTS: Final[Mapping[Format, re.Pattern[bytes]]] = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "WEBP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "GIF": re.compile(rb"GIF8[79]a"),
    "BMP": re.compile(rb"BM....\0\0\0\0", re.DOTALL),
}
ENDINGS: Final[Mapping[Format, str]] = {
    "PNG": "png", "JPEG": "jpeg", "WEBP": "webp", "GIF": "gif", "BMP": "bmp",
}  # fmt: skip
"""The subtype of the media type, which is also a usual ending of file names."""
OTHERS: Final = (
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF"),
    (re.compile(rb"II\+\0|MM\0\+"), "TIFF"),
    (re.compile(rb"8BPS"), "PSD"),
    (re.compile(rb"\x00\x00[\x01\x02]\x00"), "ICO"),
    (re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n"), "JPEG XL"),
    (re.compile(rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"....ftyp(avif|avis)", re.DOTALL), "AVIF"),
    (re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL), "HEIC"),
    (re.compile(rb"....ftypcrx ", re.DOTALL), "a camera's raw file"),
    (re.compile(rb"FUJIFILMCCD-RAW|IIRO|IIU\0"), "a camera's raw file"),
    (re.compile(rb"....(ftyp|moov|mdat|wide)", re.DOTALL), "a video"),
    (
        re.compile(rb"\x1aE\xdf\xa3|RIFF....AVI |OggS|FLV\x01|\x00\x00\x01\xba", re.DOTALL),
        "a video",
    ),
    (re.compile(rb"RIFF....WAVE|ID3|fLaC", re.DOTALL), "sound"),
    (re.compile(rb"\x8bJNG|\x8aMNG"), "MNG"),
    (re.compile(rb"P[1-6]\s"), "PNM"),
    (re.compile(rb"%!PS"), "PostScript"),
    (re.compile(rb"%PDF-"), "PDF"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"\x1f\x8b"), "compressed with gzip"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "compressed with zstd"),
    (re.compile(rb"version https://git-lfs"), "a pointer of Git LFS to a file stored elsewhere"),
    (re.compile(rb"\x89PNG"), "a PNG whose line ends were changed by a transfer as text"),
)
"""Files that clients send instead of images; for equal first bytes, the likeliest is first."""
DATA_ADDRESS: Final = re.compile(rb"data:image/", re.IGNORECASE)


def image_format(data: bytes) -> Format | None:
    """The accepted format whose first bytes these are."""
    for name, start in ACCEPTED_STARTS.items():
        if start.match(data):
            return name
    return None


def describe_type(data: bytes) -> str:
    """The type of the bytes as the end of a sentence that begins with their name."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml")):
        return f"is SVG or XML, not pixels; {ACCEPTED}"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--")):
        return "is an HTML page, not an image; is it a link to a page that shows the image?"
    if start.startswith((b"{", b"[")):
        return "is JSON, not an image; is it the error message of the host?"
    if DATA_ADDRESS.match(start):
        return "is the text of a data: address, not an image; decode its base64 first"
    for pattern, name in OTHERS:
        if pattern.match(data):
            return f"is {name}; {ACCEPTED}, so convert it to one of these"
    if not data.strip(b"\0"):
        return f"has only zero bytes; was its upload interrupted? {ACCEPTED}"
    return f"is not an image of a known type; {ACCEPTED}"


def ending(image: bytes) -> str:
    """`png` or another ending by the first bytes; `png` for an unknown format."""
    kind = image_format(image)
    return ENDINGS[kind] if kind else "png"


def data_uri(image: bytes) -> str:
    """The image as a `data:` address with its media type."""
    return f"data:image/{ending(image)};base64," + base64.b64encode(image).decode("ascii")
