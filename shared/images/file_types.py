"""Recognize the type of a file from its first bytes, for the message of a refusal."""

import re
from typing import Final

ACCEPTED: Final = "PNG, JPEG, WebP, GIF and BMP are accepted"
ACCEPTED_START: Final = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM....\0\0\0\0", re.DOTALL
)
NO_PIXELS: Final = re.compile(
    rb"(\x89PNG.{8}IHDR|BM.{16})(\0{4}|.{4}\0{4})",
    re.DOTALL,
)
"""A width or height of zero, which Pillow does not recognize as an image."""
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
"""Files that clients send instead of images; for equal first bytes, the likeliest is first."""


def starts_like_an_image(data: bytes) -> bool:
    """Whether the first bytes are those of an accepted format."""
    return ACCEPTED_START.match(data) is not None


def has_no_pixels(data: bytes) -> bool:
    """Whether the header of a PNG or BMP has a width or height of zero."""
    return NO_PIXELS.match(data) is not None


def describe_type(data: bytes) -> str:
    """The type of the bytes as the end of a sentence that begins with their name."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml")):
        return f"is SVG or XML, not pixels; {ACCEPTED}"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is an HTML page, not an image; is it a link to a page that shows the image?"
    for pattern, name in OTHERS:
        if pattern.match(data):
            return f"is {name}; {ACCEPTED}, so convert it to one of these"
    return f"is not an image of a known type; {ACCEPTED}"
