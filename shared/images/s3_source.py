"""Read an image from S3 or a store that speaks like it."""

import asyncio
from typing import Any

from shared.errors import Unavailable, Unprocessable
from shared.images.naming import short
from shared.images.settings import ImageSettings
from shared.images.web_source import too_many_bytes


class S3Source:
    """Fetches `s3://bucket/key` images through fsspec, opened at the first one."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._files: Any = None
        self._session: Any = None

    async def fetch(self, uri: str) -> bytes:
        """The object's bytes; raises `Unprocessable` or `Unavailable`."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not bucket or not key:
            raise Unprocessable("bad_uri", f"{short(uri)} is not of the form s3://bucket/key")
        path = f"{bucket}/{key}"
        try:
            async with asyncio.timeout(self._settings.max_image_wait_seconds):
                files = await self._connected()
                if (await files._info(path))["size"] > self._settings.max_image_bytes:
                    raise too_many_bytes(uri, self._settings.max_image_bytes)
                found: bytes = await files._cat_file(path)
                return found
        except TimeoutError as error:
            wait = self._settings.max_image_wait_seconds
            raise Unavailable("s3", f"{short(uri)} did not arrive within {wait:g} s") from error
        except FileNotFoundError as error:
            raise Unprocessable("no_such_object", f"{short(uri)} does not exist") from error
        except PermissionError as error:
            raise Unprocessable(
                "s3_forbidden", f"{short(uri)} may not be read with our credentials"
            ) from error
        except OSError as error:
            raise Unavailable("s3", f"{short(uri)}: {str(error)[:200]}") from error
        except ValueError as error:
            raise Unprocessable("bad_uri", f"{short(uri)}: {str(error)[:200]}") from error

    async def _connected(self) -> Any:
        if self._files is None:
            # Imported here: a second that only those who read from S3 should pay.
            from s3fs import S3FileSystem

            self._files = S3FileSystem(
                asynchronous=True,
                endpoint_url=self._settings.s3_endpoint,
                skip_instance_cache=True,
                use_listings_cache=False,
            )
            self._session = await self._files.set_session()
        return self._files

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = self._files = None
