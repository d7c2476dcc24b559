"""Decode the bytes of an image to upright sRGB pixels, within limits of memory."""
