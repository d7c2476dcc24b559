"""Let header names that are not UTF-8 decode: Kafka allows them, its Python clients fail.

aiokafka and kafka-python decode each header name strictly, in code that cannot skip a record, and
without an option or a hook. A buffer of this type makes their decoding accept any name.
"""

from typing import Any


class _Name(bytearray):
    """Bytes that always decode: the byte `b"\\xff"` becomes the four characters `\\xff`."""

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return bytes(self).decode(encoding, errors)


class AnyHeaderNames(bytearray):
    """A buffer whose slices are `_Name`; both clients convert keys and values to `bytes`."""

    def __getitem__(self, at: Any) -> Any:
        item = super().__getitem__(at)
        return _Name(item) if isinstance(at, slice) else item
