"""Tell from the first bytes what a file is, so that a refusal can say it."""

import re
from typing import Final

TAKEN: Final = "PNG, JPEG, WebP, GIF and BMP are taken"
OURS: Final = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM....\0\0\0\0", re.DOTALL
)
NO_PIXELS: Final = re.compile(
    rb"(\x89PNG.{8}IHDR|BM.{16})(\0{4}|.{4}\0{4})",
    re.DOTALL,
)
"""A width or height of zero, which Pillow calls no image at all."""
OTHERS: Final = (
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF"),
    (re.compile(rb"8BPS"), "PSD"),
    (re.compile(rb"\x00\x00[\x01\x02]\x00"), "ICO"),
    (re.compile(rb"....ftyp(avif|avis)", re.DOTALL), "AVIF"),
    (re.compile(rb"....ftyp(hei[cxms]|mif1)", re.DOTALL), "HEIC"),
    (re.compile(rb"....ftyp", re.DOTALL), "video"),
    (re.compile(rb"%PDF-"), "PDF"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"\x1f\x8b"), "gzip"),
)
"""What people send for an image, likeliest of its first bytes first."""


def begins_like_an_image(data: bytes) -> bool:
    """Whether the first bytes are those of a format we take."""
    return OURS.match(data) is not None


def has_no_pixels(data: bytes) -> bool:
    """Whether a PNG or BMP says that it is zero pixels wide or high."""
    return NO_PIXELS.match(data) is not None


def told_kind(data: bytes) -> str:
    """What the bytes are instead of an image, as the rest of a sentence that names them."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml")):
        return f"is SVG or XML, not pixels; {TAKEN}"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is an HTML page, not an image; is it a link to a page that shows the image?"
    for pattern, name in OTHERS:
        if pattern.match(data):
            return f"is {name}; {TAKEN}, so convert it to one of these"
    return f"is not an image of a kind we know; {TAKEN}"
