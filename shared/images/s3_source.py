"""Read an image from S3 or an S3-compatible store."""

import asyncio
import errno
from typing import Any, Final

from shared.domain.errors import Unavailable, Unprocessable
from shared.files.storage_options import s3fs_options
from shared.images.display_name import short
from shared.images.refusals import too_many_bytes, too_slow
from shared.images.settings import ImageSettings

PART: Final = "s3"
INVALID_REQUEST: Final = frozenset({errno.EINVAL, errno.ENAMETOOLONG})
"""Error numbers of s3fs for requests that the store rejects as invalid."""


class S3Source:
    """Fetches `s3://bucket/key` images through fsspec; opens its client for the first image."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._files: asyncio.Task[Any] | None = None

    async def fetch(self, uri: str) -> bytes:
        """The object's bytes; raises `Unprocessable` or `Unavailable`."""
        # Imported here: it takes a second, which only readers of S3 need.
        from botocore import exceptions as boto  # type: ignore[import-untyped]  # ships no types

        bucket, _, key = uri[len("s3://") :].partition("/")
        if uri[:5].lower() != "s3://" or not bucket or not key:
            raise Unprocessable("bad_uri", f"{short(uri)} is not of the form s3://bucket/key")
        max_seconds = self._settings.max_image_wait_seconds
        try:
            async with asyncio.timeout(max_seconds):
                return await self._read(uri, f"{bucket}/{key}")
        except TimeoutError as error:
            raise too_slow(PART, uri, seconds=max_seconds) from error
        except FileNotFoundError as error:
            raise _missing(uri) from error
        except PermissionError as error:
            raise Unprocessable(
                "s3_forbidden",
                f"{short(uri)} may not be read with our credentials; grant them access",
            ) from error
        except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
            raise Unprocessable(
                "s3_forbidden",
                f"{short(uri)} needs credentials, and none are set"
                " (PREFERSTREAM_S3_ANONYMOUS=true reads public buckets without any)",
            ) from error
        # Both mean that the bucket or key is not a possible name.
        except (boto.ParamValidationError, ValueError) as error:
            raise Unprocessable(
                "bad_uri", f"{short(uri)} names no possible object; check its bucket and key"
            ) from error
        except OSError as error:
            if error.errno in INVALID_REQUEST:
                raise Unprocessable(
                    "s3_refused", f"{short(uri)}: the store rejects this request; check its address"
                ) from error
            raise Unavailable(PART, f"{short(uri)}: the store cannot answer now") from error
        except boto.BotoCoreError as error:
            raise Unavailable(
                PART, f"{short(uri)}: the store cannot be reached ({type(error).__name__})"
            ) from error

    async def _read(self, uri: str, path: str) -> bytes:
        max_bytes = self._settings.max_image_bytes
        if self._files is None or (self._files.done() and self._files.exception()):
            self._files = asyncio.create_task(self._open())
        # Shielded: the timeout of one image would leave a half-open client that is never closed.
        files = await asyncio.shield(self._files)
        info = await files._info(path)
        if info["type"] != "file":
            raise _missing(uri)
        if info["size"] > max_bytes:
            raise too_many_bytes(uri, max_bytes)
        if info["size"] == 0:
            return b""
        # With an end, since the object may have grown after its size was read.
        body: bytes = await files._cat_file(path, start=0, end=max_bytes + 1)
        if len(body) > max_bytes:
            raise too_many_bytes(uri, max_bytes)
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
        # A client that could not be opened has nothing to close; its images have the error.
        if not opening.cancelled() and opening.exception() is None:
            await (await opening.result().set_session()).close()


def _missing(uri: str) -> Unprocessable:
    return Unprocessable(
        "no_such_object", f"{short(uri)} does not exist; check its bucket and its key"
    )
