"""Read an image from S3 or a store that speaks like it."""

import asyncio
import errno
from typing import Any, Final

from shared.domain.errors import Unavailable, Unprocessable
from shared.files.storage_options import s3fs_options
from shared.images.display_name import short
from shared.images.refusals import too_many_bytes, too_slow
from shared.images.settings import ImageSettings

PART: Final = "s3"
NEVER: Final = frozenset({errno.EINVAL, errno.ENAMETOOLONG})
"""What s3fs makes of requests that the store calls wrong."""


class S3Source:
    """Fetches `s3://bucket/key` images through fsspec, opened at the first one."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._files: asyncio.Task[Any] | None = None

    async def fetch(self, uri: str) -> bytes:
        """The object's bytes; raises `Unprocessable` or `Unavailable`."""
        # Imported here: a second that only those who read from S3 should pay.
        from botocore import exceptions as boto  # type: ignore[import-untyped]  # ships no types

        bucket, _, key = uri[len("s3://") :].partition("/")
        if uri[:5].lower() != "s3://" or not bucket or not key:
            raise Unprocessable("bad_uri", f"{short(uri)} is not of the form s3://bucket/key")
        wait = self._settings.max_image_wait_seconds
        try:
            async with asyncio.timeout(wait):
                return await self._read(uri, f"{bucket}/{key}")
        except TimeoutError as error:
            raise too_slow(PART, uri, seconds=wait) from error
        except FileNotFoundError as error:
            raise _missing(uri) from error
        except PermissionError as error:
            raise Unprocessable(
                "s3_forbidden", f"{short(uri)} may not be read with our credentials"
            ) from error
        except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
            raise Unprocessable(
                "s3_forbidden",
                f"{short(uri)} needs credentials, and none are set"
                " (PREFERSTREAM_S3_ANONYMOUS=true reads public buckets without)",
            ) from error
        # Both name the bucket or key as one that cannot be.
        except (boto.ParamValidationError, ValueError) as error:
            raise Unprocessable("bad_uri", f"{short(uri)} names no possible object") from error
        except OSError as error:
            if error.errno in NEVER:
                raise Unprocessable(
                    "s3_refused", f"{short(uri)}: the store calls this request wrong"
                ) from error
            raise Unavailable(PART, f"{short(uri)}: the store cannot answer just now") from error
        except boto.BotoCoreError as error:
            raise Unavailable(
                PART, f"{short(uri)}: the store cannot be reached ({type(error).__name__})"
            ) from error

    async def _read(self, uri: str, path: str) -> bytes:
        most = self._settings.max_image_bytes
        if self._files is None or (self._files.done() and self._files.exception()):
            self._files = asyncio.create_task(self._open())
        # Shielded: one image's time-out would leave a half-open client that nobody can close.
        files = await asyncio.shield(self._files)
        found = await files._info(path)
        if found["type"] != "file":
            raise _missing(uri)
        if found["size"] > most:
            raise too_many_bytes(uri, most)
        if found["size"] == 0:
            return b""
        # An end is given since the object may have grown after it was asked for its size.
        body: bytes = await files._cat_file(path, start=0, end=most + 1)
        if len(body) > most:
            raise too_many_bytes(uri, most)
        return body

    async def _open(self) -> Any:
        from s3fs import S3FileSystem

        files = S3FileSystem(
            asynchronous=True,
            skip_instance_cache=True,
            use_listings_cache=False,
            **s3fs_options(self._settings.s3_endpoint, anonymous=self._settings.s3_anonymous),
        )
        try:
            await files.set_session()
        except ValueError as error:
            raise Unavailable(
                PART, "PREFERSTREAM_S3_ENDPOINT is not an address such as https://store.example"
            ) from error
        return files

    async def close(self) -> None:
        if self._files is None:
            return
        opening, self._files = self._files, None
        await asyncio.wait([opening])
        # One that could not be opened told its images so, and has nothing to close.
        if not opening.cancelled() and opening.exception() is None:
            await (await opening.result().set_session()).close()


def _missing(uri: str) -> Unprocessable:
    return Unprocessable(
        "no_such_object", f"{short(uri)} does not exist; check its bucket and its key"
    )
